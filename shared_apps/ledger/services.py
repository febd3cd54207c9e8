"""Every write of the ledger: one call of a function of the schema that we are in.

All but :func:`expire_holds` are steps: they belong to the caller's transaction, and what is refused for want
of money leaves that transaction usable.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.core.context import current_schema
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError, UnprocessableError
from shared_apps.core.events import emit
from shared_apps.core.ids import uuid7
from shared_apps.core.money import Money
from shared_apps.tenants.roles import quoted

from . import functions, rules
from .events import HoldExpired
from .models import Hold, LedgerAccount, Posting
from .rules import Leg

__all__ = ["Leg", "capture", "expire_holds", "hold", "post", "release"]

_POSTING = (
    "id", "key", "kind", "reference", "memo", "request_hash", "actor_id", "actor_label", "request_id",
    "created_at",
)  # fmt: skip
_HOLD = (
    "id", "key", "account_id", "amount", "state", "reference", "expires_at", "created_at", "closed_at",
    "posting_id",
)  # fmt: skip
# The schema's own functions by their full names: the search path does not choose them.
_CALLS = {
    "post": """
SELECT refused, about, replayed, (f.posting).id, (f.posting).key, (f.posting).kind, (f.posting).reference,
  (f.posting).memo, (f.posting).request_hash, (f.posting).actor_id, (f.posting).actor_label,
  (f.posting).request_id, (f.posting).created_at
FROM @schema@.ledger_post(%s::uuid, %s::uuid, %s::text, %s::text, %s::text, %s::text, %s::text[], %s::text[],
  %s::numeric[]) f""",
    "hold": """
SELECT refused, about, replayed, (f.made).id, (f.made).key, (f.made).account_id, (f.made).amount,
  (f.made).state, (f.made).reference, (f.made).expires_at, (f.made).created_at, (f.made).closed_at,
  (f.made).posting_id
FROM @schema@.ledger_hold(%s::uuid, %s::text, %s::text, %s::text, %s::numeric, %s::text,
  %s::timestamptz) f""",
    "release": """
SELECT refused, about, replayed, (f.made).id, (f.made).key, (f.made).account_id, (f.made).amount,
  (f.made).state, (f.made).reference, (f.made).expires_at, (f.made).created_at, (f.made).closed_at,
  (f.made).posting_id
FROM @schema@.ledger_release(%s::uuid) f""",
    "expire": """
SELECT id, key, account_id, amount, state, reference, expires_at, created_at, closed_at, posting_id
FROM @schema@.ledger_expire(%s::timestamptz, %s::integer)""",
}
_EXPIRED_AT_ONCE = 500


def post(
    *, key: str, kind: str, legs: Sequence[Leg], reference: str = "", memo: str = ""
) -> Posting:  # fmt: skip
    """Move money: the legs sum to zero in each asset. A step.

    ``key`` names what this is done for (``provider:object:transition``, ``command:id``). The same key with
    the same kind and legs answers with the first posting, ``replayed`` set. Raises ConflictError
    ``ledger.key_reused`` when they differ, UnprocessableError ``ledger.insufficient_funds`` when an account
    that cannot be overdrawn has too little (the transaction lives on), DomainError for legs that are wrong.
    """
    return _post(None, key=key, kind=kind, legs=legs, reference=reference, memo=memo)


def capture(
    hold_id: UUID, *, key: str, kind: str, legs: Sequence[Leg], reference: str = "", memo: str = ""
) -> Posting:
    """Post what a hold reserved, all of it or less; what is left becomes available again. A step.

    The legs take between 1 and the hold's amount from its account. Repeated with the same key and legs it
    answers with the first posting; ConflictError ``ledger.hold_closed`` when the hold was released, expired
    or captured by another key.
    """
    return _post(hold_id, key=key, kind=kind, legs=legs, reference=reference, memo=memo)


def hold(
    *,
    key: str,
    code: str,
    asset: str,
    minor_units: int,
    reference: str = "",
    expires_at: datetime | None = None,
) -> Hold:
    """Reserve an amount of an account. A step; the same key with the same amount answers with the first hold.

    Raises UnprocessableError ``ledger.insufficient_funds`` (the transaction lives on), ConflictError
    ``ledger.key_reused``. After ``expires_at`` the hold ends by itself (:func:`expire_holds`).
    """
    rules.check_text("key", key, rules.MAX_KEY)
    rules.check_text("code", code, rules.MAX_CODE)
    rules.check_text("reference", reference, rules.MAX_REFERENCE, required=False)
    rules.check_asset(asset)
    rules.check_amount(minor_units)
    if minor_units <= 0:
        raise DomainError("ledger.bad_amount", "A hold is above zero.", field="minor_units")
    row = _call("hold", [uuid7(), key, code, asset, Decimal(minor_units), reference, expires_at])
    return _hold_of(row)


def release(hold_id: UUID) -> Hold:
    """Give a hold's amount back to its account. A step, idempotent; a captured hold raises ConflictError."""
    return _hold_of(_call("release", [hold_id]))


@transaction.atomic(durable=True)
def expire_holds(*, now: datetime | None = None) -> int:
    """End the holds of this schema that ran out, some at a time; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(current_schema(), "expire"), [now or timezone.now(), _EXPIRED_AT_ONCE])
        ended = [Hold(**dict(zip(_HOLD, row, strict=True))) for row in cursor.fetchall()]
    accounts = LedgerAccount.objects.in_bulk({each.account_id for each in ended})
    for each in ended:
        account = accounts[each.account_id]
        emit(
            HoldExpired(
                hold_id=each.pk,
                key=each.key,
                code=account.code,
                asset=account.asset,
                minor_units=int(each.amount),
                reference=each.reference,
            )
        )
    return len(ended)


def _post(
    hold_id: UUID | None, *, key: str, kind: str, legs: Sequence[Leg], reference: str, memo: str
) -> Posting:
    rules.check_text("key", key, rules.MAX_KEY)
    rules.check_text("kind", kind, rules.MAX_KIND)
    rules.check_text("reference", reference, rules.MAX_REFERENCE, required=False)
    rules.check_text("memo", memo, rules.MAX_MEMO, required=False)
    rules.check_legs(legs)
    columns = ([leg.code for leg in legs], [leg.asset for leg in legs],
               [Decimal(leg.minor_units) for leg in legs])  # fmt: skip
    row = _call("post", [hold_id, uuid7(), key, kind, reference, memo, *columns])
    posting = Posting(**dict(zip(_POSTING, row[1:], strict=True)))
    posting.replayed = row[0]
    posting._state.adding = False
    return posting


def _hold_of(row: Sequence[Any]) -> Hold:
    made = Hold(**dict(zip(_HOLD, row[1:], strict=True)))
    made.amount = int(made.amount)
    made.replayed = row[0]
    made._state.adding = False
    return made


@lru_cache(maxsize=4096)
def _statement(schema: str, function: str) -> str:
    return _CALLS[function].replace("@schema@", quoted(schema))


def _call(function: str, parameters: list[Any]) -> tuple[Any, ...]:
    """Call a function; gives ``replayed`` and the row's columns, or raises what it refused."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("the ledger is written inside a transaction")
    try:
        with connection.cursor() as cursor:
            cursor.execute(_statement(current_schema(), function), parameters)
            refused, about, *row = cursor.fetchone()
    except DatabaseError as error:
        if (mapped := _raised(error)) is None:
            raise
        raise mapped from error
    if refused:
        raise _refused(refused, json.loads(about))
    return tuple(row)


def _refused(what: str, about: dict[str, str]) -> DomainError:
    if what == "hold_closed":
        state = Hold.State(about["state"]).label
        text = _("This hold is closed already: %(state)s.") % {"state": state}
        return ConflictError("ledger.hold_closed", text, details={**about})
    available = Money.of_minor(int(about["available"]), about["asset"])
    return UnprocessableError(
        "ledger.insufficient_funds",
        _("Not enough money: %(available)s available.") % {"available": available},
        field="amount",
    )


def _raised(error: DatabaseError) -> DomainError | None:
    """What a raised SQLSTATE means to a caller; None for errors that are not the ledger's own."""
    match getattr(error.__cause__, "sqlstate", None):
        case functions.KEY_REUSED:
            return ConflictError(
                "ledger.key_reused", _("This key was used for another movement."), field="key"
            )
        case functions.HOLD_UNKNOWN:
            return NotFoundError("ledger.hold_unknown", _("There is no such hold."))
        case functions.CAPTURE_EXCEEDS:
            return ConflictError(
                "ledger.capture_exceeds_hold",
                _("A capture takes at most what its hold reserved."),
                field="legs",
            )
        case functions.UNBALANCED:
            return DomainError("ledger.unbalanced", _("The legs do not sum to zero."), field="legs")
        case "22003":
            return UnprocessableError("ledger.too_large", _("The balance would have over 38 digits."))
        case _:
            return None
