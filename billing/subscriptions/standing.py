"""How each organisation stands with the platform, kept in the process: every request asks (core.kept)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from shared_apps.core.context import PUBLIC, Schema, platform_context
from shared_apps.core.kept import Kept

from . import facts, meters, queries
from .models import Subscription
from .rules import states
from .rules.limits import Limit, Meter
from .rules.states import Facts, Ladder, Status

#: A number that any change of an organisation's own contract, its clock or its terms changes.
_CONTRACTS = (
    "SELECT sum(hashtextextended(ROW(s.*, i.*)::text, 0)::numeric) FROM subscriptions_subscription s "
    "JOIN subscriptions_subscriptioninfo i ON i.id = s.info_id WHERE i.user_id IS NULL"
)
_LADDER = Ladder()
_CLOSED = frozenset({Status.READ_ONLY, Status.SUSPENDED, Status.CANCELED})


@dataclass(frozen=True, slots=True)
class Standing:
    """``facts`` None: it never had a plan, so nothing is asked of it. ``api_bytes``: its limit a day."""

    facts: Facts | None = None
    ladder: Ladder = _LADDER
    api_bytes: Limit | None = None

    def is_read_only(self, now: datetime) -> bool:
        """Whether nothing may be changed: the plan is not paid, or it has ended."""
        return self.facts is not None and states.state_at(self.facts, now, self.ladder) in _CLOSED


def standing_of(schema: str) -> Standing:
    """How the tenant with this schema stands; changes of other processes show within five seconds."""
    return _kept.get(schema)


def forget(schema: str | None = None) -> None:
    """Drop what is kept, now and after the commit of a running transaction."""
    _kept.forget(schema)
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(lambda: _kept.forget(schema))


def _load(schema: str) -> Standing:
    with platform_context():
        info = queries.find_info(Schema(schema), None)
        if info is None:
            return Standing()
        contract = queries.open_contract(info) or _ended(info.pk)
        if contract is None or not facts.has_begun(contract):
            return Standing()
        contract.info = info
        limits = {} if contract.status == Status.CANCELED else meters.limits_of_contract(contract)
        return Standing(facts.facts_of(info, contract), facts.ladder_of(PUBLIC), limits.get(Meter.API_BYTES))


def _ended(info_id: UUID) -> Subscription | None:
    rows = Subscription.objects.filter(info_id=info_id, started_at__isnull=False)
    return rows.select_related("version", "pricing").first()


def _version() -> str:
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(_CONTRACTS)
        return str(cursor.fetchone()[0])


def _when_away(last: Standing | None) -> Standing:
    return last or Standing()


_kept = Kept("standings", version=_version, load=_load, longest=300.0, when_away=_when_away)
