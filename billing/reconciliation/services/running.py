"""A run: begun by the clock or by a person, carried out by the worker."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.payments.services.frames import unit
from billing.reconciliation import options, rules
from billing.reconciliation.events import ReconciliationFinished, ReconciliationRequested
from billing.reconciliation.models import Break, LedgerCheck, ReconciliationRun
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.background import enqueue
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.errors import ConflictError
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from shared_apps.ledger import codes
from shared_apps.ledger.queries import balances
from shared_apps.tenants.models import Tenant

from .comparing import Comparison, compare, ledgers
from .sweeping import sweep_tenant

State = ReconciliationRun.State
#: Seconds that a task works before it lets the next one go on.
_TURN: Final = 120.0
#: A run of which nothing was heard for so long goes on: its worker is gone.
_SILENCE: Final = timedelta(minutes=50)


def start_run(*, actor: Actor) -> ReconciliationRun:
    """Have the books compared now. A command; raises ForbiddenError, ConflictError (``…already_running``)."""
    require(actor, "reconciliation.start_run")
    with unit():
        if lock_one(ReconciliationRun.objects.filter(state=State.RUNNING)) is not None:
            raise ConflictError(
                "reconciliation.already_running", _("The books are being compared right now.")
            )
        run = _begin(ReconciliationRun.Trigger.DEMAND, timezone.now(), actor.user_id)
        enqueue("reconciliation.carry_out", run_id=run.pk)
        emit(ReconciliationRequested(reconciliationrun_id=run.pk))
    return run


def begin_nightly(*, now: datetime) -> UUID | None:
    """Enqueue the night's run if it is due, or one that its worker left; the run's number, or None."""
    with unit():
        running = lock_one(ReconciliationRun.objects.filter(state=State.RUNNING))
        if running is not None:
            if _last_progress(running) > now - _SILENCE:
                return None
            run = running
        else:
            nightly = ReconciliationRun.objects.filter(trigger=ReconciliationRun.Trigger.NIGHTLY)
            hour = options.NIGHTLY_HOUR.value_for("public")
            if now.hour < hour or nightly.filter(day=now.date()).exists():
                return None
            run = _begin(ReconciliationRun.Trigger.NIGHTLY, now, None)
        run_id: UUID = run.pk
        enqueue("reconciliation.carry_out", run_id=run_id)
        return run_id


def _last_progress(run: ReconciliationRun) -> datetime:
    checks = LedgerCheck.objects.filter(run=run).order_by("-finished_at")
    return checks.values_list("finished_at", flat=True).first() or run.started_at


def _begin(trigger: str, now: datetime, user_id: int | None) -> ReconciliationRun:
    return ReconciliationRun.objects.create(
        trigger=trigger, day=now.date(), started_at=now, requested_by_id=user_id
    )


def carry_out(run_id: UUID, *, seconds: float = _TURN) -> bool:
    """Sweep and compare the ledgers that this run has not compared yet; True when it has ended.

    Not in a transaction. Each ledger is written down when it is done, so a run that was broken off, or that
    takes longer than one turn, goes on where it was.
    """
    until = time.monotonic() + seconds
    with platform_context():
        run = ReconciliationRun.objects.filter(pk=run_id, state=State.RUNNING).first()
        done = set(LedgerCheck.objects.filter(run_id=run_id).values_list("tenant_id", flat=True))
    if run is None:
        return True
    since = run.started_at - timedelta(days=options.PROVIDER_DAYS.value_for("public"))
    for tenant in ledgers():
        if (tenant.pk if tenant else None) in done:
            continue
        if time.monotonic() > until:
            with unit():
                enqueue("reconciliation.carry_out", run_id=run_id)
            return False
        if tenant is not None:
            sweep_tenant(tenant=tenant, day=run.day)
        comparison = compare(tenant, since)
        settled = _settlement(tenant, comparison) if tenant else {}
        _write_down(run, comparison, settled)
    _finish(run_id)
    return True


def _settlement(tenant: Tenant, comparison: Comparison) -> dict[str, list[str]]:
    """Tenant and platform sum to zero. Returns both sides by asset."""
    with tenant_context(tenant):
        ours = {asset: each.balance for asset, each in balances(codes.PLATFORM_SETTLED).items()}
    with platform_context():
        theirs = {asset: each.balance for asset, each in balances(codes.tenant(tenant.uuid)).items()}
    comparison.findings += rules.settlement(ours, theirs, str(tenant.uuid))
    return {asset: [str(ours.get(asset, 0)), str(theirs.get(asset, 0))] for asset in sorted({*ours, *theirs})}


def _write_down(run: ReconciliationRun, comparison: Comparison, settled: dict[str, list[str]]) -> None:
    """A ledger's result with its differences; nothing where another worker was first."""
    tenant = comparison.tenant
    rows = [
        Break(
            run=run,
            tenant=tenant,
            cause=each.cause,
            key=each.key[:300],
            asset=each.asset,
            expected=each.expected,
            found=each.found,
            object_kind=each.kind,
            object_id=each.object_id,
            note=each.note[:300],
        )
        for each in comparison.findings
    ]
    with unit():
        _check, made = LedgerCheck.objects.get_or_create(
            run=run,
            tenant=tenant,
            defaults={
                "movements": comparison.movements,
                "asked": comparison.asked,
                "unanswered": comparison.unanswered,
                "settled": settled,
            },
        )
        if made:
            Break.objects.bulk_create(rows, batch_size=500)


def _finish(run_id: UUID) -> None:
    with unit():
        run: Any = lock_one(ReconciliationRun.objects.filter(pk=run_id, state=State.RUNNING))
        if run is None:
            return
        counted = run.checks.aggregate(
            ledgers=Count("pk"), movements=Sum("movements"), asked=Sum("asked"), unanswered=Sum("unanswered")
        )
        for name, number in counted.items():
            setattr(run, name, number or 0)
        run.break_count = run.breaks.count()
        run.totals = rules.total_settled(run.checks.values_list("settled", flat=True))
        run.state = State.BROKEN if run.break_count else State.CLEAN
        if not run.break_count and run.unanswered:
            run.state = State.INCOMPLETE
        run.finished_at = timezone.now()
        run.save()
        emit(
            ReconciliationFinished(
                reconciliationrun_id=run.pk,
                state=run.state,
                movements=run.movements,
                unanswered=run.unanswered,
                break_count=run.break_count,
            )
        )
