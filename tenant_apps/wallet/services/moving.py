"""Steps by which apps above move members' money. They name members and houses, never accounts.

Each has a ``key`` that says what it is done for (``orders:{id}:paid``): the same call twice moves money once.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from shared_apps.core.errors import ConflictError, DomainError, NotFoundError, UnprocessableError
from shared_apps.core.money import Money
from shared_apps.ledger import codes
from shared_apps.ledger import queries as ledger_queries
from shared_apps.ledger import services as ledger
from shared_apps.ledger.models import Hold, Posting
from shared_apps.ledger.services import Leg
from tenant_apps.wallet import queries
from tenant_apps.wallet.rules import deposits as rules

from .guards import check_open


class House(StrEnum):
    """What of the organisation members pay to."""

    FEES = codes.REVENUE_FEES
    PLANS = codes.REVENUE_PLANS


Payee = UUID | House


def hold(
    *, member_id: UUID, money: Money, key: str, reference: str = "", expires_at: datetime | None = None
) -> Hold:
    """Step: reserve a member's money.

    Raises UnprocessableError ``ledger.insufficient_funds`` (the transaction lives on), ForbiddenError
    ``wallet.frozen``.
    """
    check_open(queries.find_wallet(member_id))
    return ledger.hold(
        key=key,
        code=codes.member(member_id),
        asset=money.currency,
        minor_units=_units(money),
        reference=reference,
        expires_at=expires_at,
    )


def capture(
    *,
    hold_id: UUID,
    key: str,
    kind: str,
    payee: Payee,
    money: Money | None = None,
    fee: Money | None = None,
    reference: str = "",
    memo: str = "",
) -> Posting:
    """Step: pay what was reserved, or ``money`` of it, to another member or a house.

    ``fee`` of it goes to the house of fees; what is not taken is available again. Raises NotFoundError,
    ConflictError ``ledger.hold_closed``.
    """
    reserved = Hold.objects.select_related("account").filter(pk=hold_id).first()
    if reserved is None:
        raise NotFoundError("ledger.hold_unknown", _("There is no such hold."))
    account = reserved.account
    amount = money or Money.of_minor(int(reserved.amount), account.asset)
    legs = _legs(account.code, payee, amount, fee)
    posting = ledger.capture(hold_id, key=key, kind=kind, legs=legs, reference=reference, memo=memo)
    _settle_debt_of(payee, amount.currency, posting)
    return posting


def release(*, hold_id: UUID) -> None:
    """Step: give back what was reserved; a second time changes nothing. Debts are paid of it."""
    account = ledger.release(hold_id).account
    if account.owner is not None:
        settle_debt(member_id=account.owner, currency=account.asset)


def charge(
    *,
    member_id: UUID,
    money: Money,
    key: str,
    kind: str,
    to: House = House.FEES,
    reference: str = "",
    memo: str = "",
) -> Posting:
    """Step: take money from a member for the organisation. Raises as :func:`hold`."""
    return pay(payer_id=member_id, payee=to, money=money, key=key, kind=kind, reference=reference, memo=memo)


def pay(
    *,
    payer_id: UUID,
    payee: Payee,
    money: Money,
    key: str,
    kind: str,
    fee: Money | None = None,
    reference: str = "",
    memo: str = "",
) -> Posting:
    """Step: pay another member or a house, ``fee`` of it to the house of fees. Raises as :func:`hold`."""
    check_open(queries.find_wallet(payer_id))
    legs = _legs(codes.member(payer_id), payee, money, fee)
    posting = ledger.post(key=key, kind=kind, legs=legs, reference=reference, memo=memo)
    _settle_debt_of(payee, money.currency, posting)
    return posting


def give(
    *,
    member_id: UUID,
    money: Money,
    key: str,
    kind: str,
    of: House = House.FEES,
    reference: str = "",
    memo: str = "",
) -> Posting:
    """Step: give a member money of the organisation (a refund, a bonus)."""
    legs = _legs(str(of), member_id, money, None)
    posting = ledger.post(key=key, kind=kind, legs=legs, reference=reference, memo=memo)
    _settle_debt_of(member_id, money.currency, posting)
    return posting


def settle_debt(*, member_id: UUID, currency: str) -> int:
    """Step: pay what a member owes from what the wallet has; returns how much was paid.

    The key names the state of the debt that is being paid, so of two at once only one pays.
    """
    for line in ledger_queries.statement(codes.receivable(member_id), currency, limit=1):
        available = ledger_queries.balance(codes.member(member_id), currency).available
        paid = rules.to_settle(available, -line.balance_after)
        if not paid:
            return 0
        legs = [
            Leg(codes.member(member_id), currency, -paid),
            Leg(codes.receivable(member_id), currency, paid),
        ]
        try:
            with transaction.atomic():
                ledger.post(key=f"debt:{member_id}:{currency}:{line.seq}", kind="debt_settled", legs=legs)
        except (ConflictError, UnprocessableError):  # somebody else was there first
            return 0
        return paid
    return 0


def _settle_debt_of(payee: Payee, currency: str, posting: Posting) -> None:
    if isinstance(payee, UUID) and not posting.replayed:
        settle_debt(member_id=payee, currency=currency)


def _units(money: Money) -> int:
    try:
        units = money.minor_units()
    except ValueError:
        raise DomainError(
            "wallet.too_fine",
            _("%(currency)s has at most %(digits)d digits after the point.")
            % {"currency": money.currency, "digits": money.digits},
            field="money",
        ) from None
    if units <= 0:
        raise DomainError("wallet.not_positive", _("The amount must be greater than zero."), field="money")
    return units


def _legs(payer: str, payee: Payee, money: Money, fee: Money | None) -> list[Leg]:
    units, kept = _units(money), _units(fee) if fee else 0
    if fee and fee.currency != money.currency:
        raise DomainError("wallet.fee_currency", _("A fee has the currency of what it is taken from."))
    if kept > units:
        raise DomainError("wallet.fee_too_large", _("A fee is not more than what it is taken from."))
    to = codes.member(payee) if isinstance(payee, UUID) else str(payee)
    legs = [Leg(payer, money.currency, -units)]
    if units > kept:
        legs.append(Leg(to, money.currency, units - kept))
    if kept:
        legs.append(Leg(str(House.FEES), money.currency, kept))
    return legs
