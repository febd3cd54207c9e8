"""Reads of reconciliation: what payments say should be booked, and the latest result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from billing.payments.models import Dispute, Followed, Payment, PaymentLog, Payout, Refund
from billing.payments.rules import ANY_AMOUNT, REPEATABLE, ledger_key
from shared_apps.core.context import platform_context
from shared_apps.core.health import Unhealthy
from shared_apps.ledger import codes

from .models import ReconciliationRun
from .rules import Movement

CHUNK = 1000
#: Kinds that are asked about at providers, with the states in which they have ended.
ENDED: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "payment": (Payment, (Payment.State.SUCCEEDED, *REPEATABLE)),
    "refund": (Refund, (Refund.State.SUCCEEDED, Refund.State.FAILED)),
    "payout": (Payout, (Payout.State.SETTLED, Payout.State.FAILED)),
}


def _pages(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Rows in the order of their numbers, some at a time, each page read in the platform role."""
    last: UUID | None = None
    while True:
        with platform_context():
            page = rows.order_by("pk") if last is None else rows.order_by("pk").filter(pk__gt=last)
            found = list(page[:CHUNK])
        if not found:
            return
        yield found
        last = found[-1].pk


def movements_of(tenant_id: int | None, purposes: list[str]) -> Iterator[list[Movement]]:
    """Pages of everything that the ledger of a tenant (None: the platform's) should have booked."""
    of_tenant = {"tenant_id": tenant_id}
    wanted = {**of_tenant, "payment__purpose__in": purposes}
    for rows in _pages(Payment.objects.filter(**of_tenant, purpose__in=purposes, state="succeeded")):
        yield [_paid(row) for row in rows]
    for rows in _pages(Refund.objects.filter(**wanted, state__in=("succeeded", "failed"))):
        yield _there_and_back("refund", rows, "succeeded")
    for rows in _pages(
        Payout.objects.filter(**of_tenant, purpose__in=purposes, state__in=("settled", "failed"))
    ):
        yield _there_and_back("payout", rows, "settled")
    for rows in _pages(Dispute.objects.filter(**wanted)):
        yield [
            movement
            for row in rows
            for movement in (_moved("dispute", row, "opened", row.minor_units), *_won(row))
        ]


def _moved(kind: str, row: Followed, transition: str, minor_units: int) -> Movement:
    return Movement(
        key=ledger_key(row.provider, row.provider_reference or str(row.pk), transition),
        kind=kind,
        object_id=str(row.pk),
        code=codes.clearing(row.provider, row.configuration_id),
        asset=row.currency,
        minor_units=minor_units,
    )


def _paid(row: Payment) -> Movement:
    counted = row.received_minor_units if row.purpose in ANY_AMOUNT else row.minor_units
    return _moved("payment", row, "succeeded", -counted)


def _won(row: Dispute) -> list[Movement]:
    return [_moved("dispute", row, "won", -row.minor_units)] if row.state == Dispute.State.WON else []


def _there_and_back(kind: str, rows: list[Any], done: str) -> list[Movement]:
    """Money out that was done; where it failed only afterwards it came in again under a key of its own."""
    failed = [row.pk for row in rows if row.state == "failed"]
    with platform_context():
        logged = PaymentLog.objects.filter(object_kind=kind, object_id__in=failed, from_state=done)
        late = set(logged.filter(to_state="failed").values_list("object_id", flat=True))
    found: list[Movement] = []
    for row in rows:
        if row.state == done or row.pk in late:
            found.append(_moved(kind, row, done, row.minor_units))
        if row.pk in late:
            found.append(_moved(kind, row, "failed", -row.minor_units))
    return found


def ended_since(kind: str, tenant_id: int | None, since: datetime) -> Iterator[list[Any]]:
    """Pages of what ended since then and has a number at its provider."""
    model, states = ENDED[kind]
    rows = model._default_manager.filter(tenant_id=tenant_id, state__in=states, ended_at__gte=since)
    yield from _pages(rows.exclude(provider_reference=""))


def is_known_reference(configuration_id: UUID, reference: str) -> bool:
    """Whether one of our rows is this object of a provider; in the platform role."""
    return any(
        model._default_manager.filter(
            configuration_id=configuration_id, provider_reference=reference
        ).exists()
        for model, _states in ENDED.values()
    )


def latest_run() -> ReconciliationRun | None:
    """The comparison that ended last; in the platform role."""
    return ReconciliationRun.objects.exclude(finished_at=None).order_by("-finished_at").first()


def check_books() -> dict[str, Any]:
    """The latest comparison for the health report; Unhealthy while its differences stand."""
    with platform_context():
        run = latest_run()
    if run is None:
        return {"compared": None}
    if run.state in (ReconciliationRun.State.BROKEN, ReconciliationRun.State.FAILED):
        raise Unhealthy(f"{run.break_count} differences between ledgers, payments and providers")
    return {"compared": run.finished_at.isoformat() if run.finished_at else None, "state": run.state}
