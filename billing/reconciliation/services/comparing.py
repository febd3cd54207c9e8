"""Comparing one ledger with payments and providers. Reads alone; providers are asked outside transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from billing.payments.models import Payment, PaymentGatewayConfig
from billing.payments.providers.base import (
    Listing,
    ObjectKind,
    Provider,
    ProviderError,
    ProviderRefused,
    ProviderUnreachable,
    Snapshot,
)
from billing.payments.services.frames import refuse_transaction
from billing.payments.services.gateways import connect_to
from billing.reconciliation import queries, rules
from billing.reconciliation.rules import Booked, Cause, Finding
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.errors import DomainError
from shared_apps.ledger import queries as ledger_queries
from shared_apps.tenants.models import Tenant

#: After so many calls in a row without an answer a provider is left alone for this run.
_PATIENCE = 3
_BOOKED: list[str] = list(rules.BOOKED)


def register_booked(purpose: str) -> None:
    """Say that the ledgers book every payment and payout of a purpose. Called in an app's ``ready()``."""
    if purpose not in _BOOKED:
        _BOOKED.append(purpose)


@dataclass(slots=True)
class Comparison:
    """What comparing one ledger came to."""

    tenant: Tenant | None
    findings: list[Finding] = field(default_factory=list)
    movements: int = 0
    asked: int = 0
    unanswered: int = 0


def _inside(tenant: Tenant | None) -> AbstractContextManager[Any]:
    return platform_context() if tenant is None else tenant_context(tenant)


def compare(tenant: Tenant | None, since: datetime) -> Comparison:
    """Compare a tenant's books (None: the platform's own), at providers what ended since then."""
    refuse_transaction()
    result = Comparison(tenant)
    _compare_within(result)
    _compare_with_payments(result)
    _compare_with_providers(result, since)
    return result


def _compare_within(result: Comparison) -> None:
    """The ledger with itself."""
    with _inside(result.tenant):
        differences, totals = ledger_queries.recompute(), ledger_queries.totals()
    result.findings += [
        Finding(
            cause=Cause.LEDGER_INTERNAL,
            key=each.where,
            asset=each.asset,
            expected=each.computed,
            found=each.stored,
            note=each.what,
        )
        for each in differences
    ]
    result.findings += [
        Finding(cause=Cause.LEDGER_UNBALANCED, key="", asset=asset, expected=0, found=total)
        for asset, total in totals.items()
        if total
    ]


def _compare_with_payments(result: Comparison) -> None:
    """The ledger with our payments, both ways.

    Payment and posting commit together, so whichever side is read first, the other one has it too.
    """
    tenant_id = result.tenant.pk if result.tenant else None
    for page in queries.movements_of(tenant_id, _BOOKED):
        result.movements += len(page)
        with _inside(result.tenant):
            moved = ledger_queries.moved_by([each.key for each in page], rules.OUTSIDE)
        booked = {key: [_booked(leg) for leg in legs] for key, legs in moved.items()}
        result.findings += rules.compare_booked(page, booked)
    posted = _posted_outside(result.tenant)
    known = {each.key for page in queries.movements_of(tenant_id, _BOOKED) for each in page}
    result.findings += rules.unexpected(posted, known)


def _booked(moved: ledger_queries.Moved) -> Booked:
    return Booked(key=moved.key, code=moved.code, asset=moved.asset, minor_units=moved.minor_units)


def _posted_outside(tenant: Tenant | None) -> list[Booked]:
    """Every posting on an account outside; the demo's own on simulated accounts are no money."""
    with platform_context():
        simulated = {
            str(pk)
            for pk in PaymentGatewayConfig.objects.filter(tenant=tenant, is_simulated=True).values_list(
                "pk", flat=True
            )
        }
    found: list[Booked] = []
    seq = 0
    while True:
        with _inside(tenant):
            page = ledger_queries.moved_after(seq, rules.OUTSIDE, queries.CHUNK)
        if not page:
            return found
        seq = page[-1].seq
        found += [
            _booked(each)
            for each in page
            if not (each.key.startswith(rules.DEMO) and each.code.rpartition(":")[2] in simulated)
        ]


def _compare_with_providers(result: Comparison, since: datetime) -> None:
    """Our payments with the providers' objects, and what providers list with our payments."""
    tenant_id = result.tenant.pk if result.tenant else None
    desks: dict[UUID, _Desk] = {}
    for kind in queries.ENDED:
        for page in queries.ended_since(kind, tenant_id, since):
            for row in page:
                desk = desks.setdefault(row.configuration_id, _Desk(row.configuration_id, result))
                desk.compare(kind, row)
    with platform_context():
        own = PaymentGatewayConfig.objects.filter(tenant=result.tenant).values_list("pk", flat=True)
        configurations = list(own)
    for configuration_id in configurations:
        desk = desks.setdefault(configuration_id, _Desk(configuration_id, result))
        desk.compare_list(since)


class _Desk:
    """One account at a provider during one comparison."""

    def __init__(self, configuration_id: UUID, result: Comparison) -> None:
        self._configuration_id, self._result = configuration_id, result
        self._provider: Provider | None = None
        self._silent = 0

    def _connected(self) -> Provider:
        """The provider. Raises ProviderUnreachable for an account that cannot be used at all."""
        if self._provider is None:
            try:
                self._provider = connect_to(self._configuration_id)
            except (DomainError, KeyError) as error:  # its secrets cannot be opened, its kind is gone
                raise ProviderUnreachable("unusable", str(error)) from error
        return self._provider

    def compare(self, kind: str, row: Any) -> None:
        """Ask about one object that has ended with us."""
        key = f"{row.provider}:{row.provider_reference}"
        if self._silent >= _PATIENCE:
            self._result.unanswered += 1
            return
        self._result.asked += 1
        try:
            there = self._connected().fetch(ObjectKind(kind), row.provider_reference)
        except ProviderRefused as error:
            if error.code == "not_found":
                self._silent = 0
                self._find(_missing(kind, row, key))
            else:
                self._no_answer()
            return
        except ProviderError:
            self._no_answer()
            return
        self._silent = 0
        ours, theirs = _ours(row), (there.state, there.money.currency, there.money.minor_units())
        if row.state not in ("succeeded", "settled") and there.state == row.state:
            return  # nothing moved, whatever the amount
        self._find(rules.compare_remote(key=key, kind=kind, object_id=str(row.pk), ours=ours, theirs=theirs))

    def compare_list(self, since: datetime) -> None:
        """Ask what moved at all, where the provider can tell: each must be ours."""
        try:
            provider = self._connected()
            if not isinstance(provider, Listing):
                return
            for there in provider.movements(since):
                with platform_context():
                    known = queries.is_known_reference(self._configuration_id, there.reference)
                if not known:
                    self._find(_unknown(there))
        except ProviderError:
            self._no_answer()

    def _no_answer(self) -> None:
        self._silent += 1
        self._result.unanswered += 1

    def _find(self, finding: Finding | None) -> None:
        if finding is not None:
            self._result.findings.append(finding)


def _ours(row: Any) -> tuple[str, str, int]:
    moved = row.received_minor_units if isinstance(row, Payment) else row.minor_units
    return str(row.state), str(row.currency), int(moved)


def _missing(kind: str, row: Any, key: str) -> Finding | None:
    if row.state not in ("succeeded", "settled"):
        return None  # nothing moved, here or there
    _state, asset, minor_units = _ours(row)
    return Finding(
        cause=Cause.MISSING_AT_PROVIDER,
        key=key,
        asset=asset,
        expected=minor_units,
        kind=kind,
        object_id=str(row.pk),
    )


def _unknown(there: Snapshot) -> Finding:
    return Finding(
        cause=Cause.UNKNOWN_AT_PROVIDER,
        key=there.reference,
        asset=there.money.currency,
        found=there.money.minor_units(),
        kind=str(there.kind),
        note=there.state,
    )


def ledgers() -> Iterator[Tenant | None]:
    """The platform's own ledger, then that of every tenant that has a schema."""
    yield None
    last = 0
    while True:
        with platform_context():
            rows = Tenant.objects.exclude(state=Tenant.State.ERASED).filter(pk__gt=last)
            found: Tenant | None = rows.order_by("pk").first()
        if found is None:
            return
        yield found
        last = found.pk
