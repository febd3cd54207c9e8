"""What is asked before money moves. All of it under the lock of the wallet, so that two requests add up."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.core.context import AUDIT
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, UnprocessableError
from shared_apps.core.locking import lock_one
from shared_apps.core.money import Money
from shared_apps.core.options import Option
from tenant_apps.members.models import Member
from tenant_apps.wallet import identity, options, queries
from tenant_apps.wallet.models import KEY_LENGTH, Wallet
from tenant_apps.wallet.rules import limits, withdrawals

#: No row has this number.
_NOBODYS = UUID(int=0)
logger = logging.getLogger(__name__)

DAY, MONTH = timedelta(days=1), timedelta(days=30)


def own_member_id(actor: Actor) -> UUID:
    """The member who asks. Raises ForbiddenError for whoever has no seat here, and behind a borrowed one."""
    if actor.member_id is None:
        raise ForbiddenError("wallet.no_member", _("Only members have a wallet."))
    if AUDIT.get().impersonator_id is not None:
        raise ForbiddenError("wallet.impersonated", _("Nobody moves money in somebody else's name."))
    return actor.member_id


def locked_wallet(member_id: UUID) -> Wallet:
    """Step: the member's wallet with its row locked; the first use makes it."""
    wallet: Wallet | None = lock_one(Wallet.objects.filter(member_id=member_id))
    if wallet is None:
        Wallet.objects.bulk_create([Wallet(member_id=member_id)], ignore_conflicts=True)
        wallet = lock_one(Wallet.objects.filter(member_id=member_id))
    if wallet is None:
        raise RuntimeError(f"no wallet of {member_id} could be made")
    return wallet


def check_key(key: str) -> str:
    """A caller's key of one attempt. Raises DomainError (field ``key``)."""
    if not 1 <= len(key) <= KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise DomainError("wallet.key", _("A key has 1 to 200 visible ASCII characters."), field="key")
    return key


def refuse_other_request() -> UnprocessableError:
    """The error for a key that was used for something else."""
    return UnprocessableError("idempotency.key_reused", _("This key was used for a different request."))


def check_money(money: Money, minimum: Option[Decimal]) -> Decimal:
    """What an amount counts against the limits.

    Raises DomainError (field ``money``): no wallet has this currency, not positive, finer than the
    smallest unit, or below the minimum.
    """
    weights = limits.read_weights(options.CURRENCIES.value())
    if money.currency not in weights:
        raise DomainError(
            "wallet.currency",
            _("Wallets here have %(known)s, not %(currency)s.")
            % {"known": ", ".join(weights), "currency": money.currency},
            field="money",
        )
    if money.amount <= 0:
        raise DomainError("wallet.not_positive", _("The amount must be greater than zero."), field="money")
    try:
        money.minor_units()
    except ValueError:
        raise DomainError(
            "wallet.too_fine",
            _("%(currency)s has at most %(digits)d digits after the point.")
            % {"currency": money.currency, "digits": money.digits},
            field="money",
        ) from None
    value, least = limits.value_of(money, weights), minimum.value()
    if value < least:
        smallest = Money(least / weights[money.currency], money.currency).rounded()
        raise DomainError(
            "wallet.too_little", _("The least is %(amount)s.") % {"amount": str(smallest)}, field="money"
        )
    return value


def spent_lately(rows: QuerySet[Any], since: timedelta) -> Decimal:
    """What rows with ``created_at``, ``currency`` and ``units`` count since so long ago."""
    weights = limits.read_weights(options.CURRENCIES.value())
    sums = (
        rows.filter(created_at__gt=timezone.now() - since)
        .order_by()
        .values("currency")
        .annotate(total=Sum("units"))
    )
    return sum(
        (
            limits.value_of(Money.of_minor(int(row["total"]), row["currency"]), weights)
            for row in sums
            if row["currency"] in weights
        ),
        Decimal(0),
    )


def check_limits(
    rows: QuerySet[Any], value: Decimal, *, a_day: Option[Decimal], a_month: Option[Decimal] | None = None
) -> None:
    """Refuse what would go beyond the limits of 24 hours and 30 days. Raises UnprocessableError."""
    periods = [(DAY, a_day, _("24 hours"))]
    if a_month is not None:
        periods.append((MONTH, a_month, _("30 days")))
    for length, option, words in periods:
        limit = option.value()
        used = spent_lately(rows, length)
        if limits.exceeds(used, value, limit):
            raise UnprocessableError(
                "wallet.over_limit",
                _("At most %(limit)s in %(period)s; %(left)s are left.")
                % {"limit": f"{limit:.2f}", "period": words, "left": f"{max(limit - used, Decimal(0)):.2f}"},
                field="money",
            )


def check_identity(rows: QuerySet[Any], value: Decimal, member_id: UUID) -> None:
    """Refuse larger sums of somebody whom nobody has checked. Raises ForbiddenError."""
    threshold = options.IDENTITY_ABOVE.value()
    if spent_lately(rows, MONTH) + value <= threshold:
        return
    if not identity.is_known(Member.objects.get(pk=member_id)):
        raise ForbiddenError(
            "wallet.identity_needed",
            _("Above %(threshold)s in 30 days your identity must be checked first.")
            % {"threshold": f"{threshold:.2f}"},
            details={"money": [_("Have your identity checked first.")], "go": "/identity/"},
        )


def check_open(wallet: Wallet | None) -> None:
    """Refuse to take money from a frozen wallet. Raises ForbiddenError."""
    if wallet is not None and wallet.frozen_at is not None:
        raise ForbiddenError("wallet.frozen", _("This wallet is frozen; ask the organisation."))


def check_cool(*moments: datetime | None) -> None:
    """Refuse to let money out soon after a change. Raises ConflictError naming the moment."""
    until = withdrawals.cooling_until(*moments, now=timezone.now())
    if until is not None:
        shown = date_format(timezone.localtime(until), "DATETIME_FORMAT")
        raise ConflictError(
            "wallet.cooling_down",
            _("For your safety nothing is paid out before %(moment)s: something changed a short while ago.")
            % {"moment": shown},
            details={"until": [until.isoformat()]},
        )


def check_no_debt(member_id: UUID, currency: str) -> None:
    """Refuse while the member owes money of that currency. Raises ConflictError."""
    owed = queries.owed_units(member_id, currency)
    if owed:
        raise ConflictError(
            "wallet.in_debt",
            _("You owe %(amount)s from a payment that was called back; pay that in first.")
            % {"amount": str(Money.of_minor(owed, currency))},
        )


def check_withdrawable(member_id: UUID, money: Money) -> None:
    """Refuse more than may leave now. Raises UnprocessableError (field ``money``)."""
    may_leave = queries.withdrawable_units(member_id, money.currency)
    if money.minor_units() > may_leave:
        raise UnprocessableError(
            "wallet.insufficient_funds",
            _("Only %(amount)s can leave the wallet now.")
            % {"amount": str(Money.of_minor(may_leave, money.currency))},
            field="money",
        )


def row_number(reference: str, purpose: str) -> UUID:
    """The row that a payment or payout of billing names; one that nobody made is told to the log, loudly."""
    try:
        return UUID(reference)
    except ValueError:
        logger.error("money of nobody's", extra={"purpose": purpose, "reference": reference})
        return _NOBODYS
