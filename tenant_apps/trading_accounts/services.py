"""Every write of trading accounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.subscriptions.gate import require_access
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.objects import grant_creator
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError
from shared_apps.core.events import emit
from shared_apps.core.locking import lock
from shared_apps.core.money import MINOR_DIGITS

from .events import (
    AccountSettingsChanged,
    TradingAccountConnected,
    TradingAccountCreated,
    TradingAccountDisconnected,
)
from .models import AccountBalance, TradingAccount
from .queries import account_to_act_on, open_venue
from .rules import AccountMode, AccountStatus, is_legal
from .venues.base import UnknownVenue, VenueError, VenueType, venue_type

DEFAULT_PAPER_BALANCE = Decimal(10_000)
MAX_BALANCE = Decimal(10) ** 12


@transaction.atomic(durable=True)
def create_account(
    *,
    actor: Actor,
    venue: str,
    name: str,
    currency: str,
    mode: str = AccountMode.NETTING,
    opening_balance: Decimal | None = None,
    settings: Mapping[str, object] | None = None,
) -> TradingAccount:
    """Add the actor's account at a venue. A simulated one opens with `opening_balance` of play money.

    Raises DomainError on the field that breaks a rule, ConflictError("account.name_taken").
    """
    require(actor, "trading_accounts.create_account")
    if actor.member_id is None:
        raise ForbiddenError("account.needs_member", _("Only a member can have a trading account."))
    installed = _installed_venue(venue)
    values = dict(settings or {})
    _check(installed, name=name, currency=currency, mode=mode, settings=values)
    balance = _opening_balance(installed, opening_balance)
    try:
        with transaction.atomic():
            account = TradingAccount.objects.create(
                member_id=actor.member_id,
                venue=installed.key,
                name=name.strip(),
                mode=mode,
                currency=currency,
                is_simulated=installed.capabilities.simulated,
                settings=values,
            )
    except IntegrityError as error:
        raise ConflictError(
            "account.name_taken", _("You already have a trading account with this name."), field="name"
        ) from error
    AccountBalance.objects.create(trading_account=account, currency=currency, amount=balance)
    grant_creator(actor=actor, obj=account)
    emit(
        TradingAccountCreated(trading_account_id=account.pk, member_id=account.member_id, venue=account.venue)
    )
    return account


def _installed_venue(key: str) -> VenueType:
    try:
        return venue_type(key)
    except UnknownVenue as error:
        raise DomainError("account.venue_unknown", _("There is no such venue."), field="venue") from error


def _check(
    installed: VenueType, *, name: str, currency: str, mode: str, settings: Mapping[str, object]
) -> None:
    if not name.strip() or "\0" in name or len(name) > 100:
        raise DomainError("account.name_invalid", _("Give a name of 1 to 100 characters."), field="name")
    if currency not in MINOR_DIGITS:
        raise DomainError("account.currency_unknown", _("This currency is not known."), field="currency")
    if mode not in set(AccountMode):
        raise DomainError("account.mode_unknown", _("The mode is netting or hedging."), field="mode")
    if mode == AccountMode.HEDGING and not installed.capabilities.hedging:
        raise DomainError(
            "account.mode_not_supported", _("This venue keeps one position per instrument."), field="mode"
        )
    try:
        installed.check_settings(settings)
    except ValueError as error:
        raise DomainError(
            "account.settings_invalid",
            _("These settings are not valid: %(reason)s.") % {"reason": error},
            field="settings",
        ) from error


def _opening_balance(installed: VenueType, asked: Decimal | None) -> Decimal:
    if not installed.capabilities.simulated:
        if asked is not None:
            raise DomainError(
                "account.balance_not_ours", _("The venue says what the balance is."), field="opening_balance"
            )
        return Decimal(0)
    balance = DEFAULT_PAPER_BALANCE if asked is None else asked
    if not balance.is_finite() or not 0 < balance <= MAX_BALANCE:
        raise DomainError(
            "account.balance_invalid",
            _("The opening balance must be positive and at most %(limit)s.") % {"limit": f"{MAX_BALANCE:,f}"},
            field="opening_balance",
        )
    return balance


def connect_account(*, actor: Actor, trading_account_id: UUID) -> TradingAccount:
    """Connect an account to its venue and return it, connected or with the reason why not.

    Two transactions with the venue's answer between them: nothing is locked while the venue is asked.
    Raises ConflictError("account.already_connected"), ForbiddenError("subscription.required") for a real one.
    """
    account = _begin_connect(actor=actor, trading_account_id=trading_account_id)
    try:
        open_venue(account).connect()
    except VenueError as error:
        return _end_connect(actor=actor, trading_account_id=account.pk, failure=error.code)
    return _end_connect(actor=actor, trading_account_id=account.pk, failure="")


@transaction.atomic(durable=True)
def _begin_connect(*, actor: Actor, trading_account_id: Any) -> TradingAccount:
    account = account_to_act_on(
        actor, "trading_accounts.connect_account", trading_account_id, for_update=True
    )
    if not account.is_simulated:
        require_access(actor, "connect")
    if account.status == AccountStatus.CONNECTED:
        raise ConflictError("account.already_connected", _("This account is connected already."))
    if account.status != AccountStatus.CONNECTING:  # an attempt that died is taken over
        _move(account, AccountStatus.CONNECTING, "")
    return account


@transaction.atomic(durable=True)
def _end_connect(*, actor: Actor, trading_account_id: UUID, failure: str) -> TradingAccount:
    account = account_to_act_on(actor, "trading_accounts.connect_account", trading_account_id)
    accounts = lock(TradingAccount.objects.filter(member_id=account.member_id))
    account.refresh_from_db()
    if account.status != AccountStatus.CONNECTING:
        return account
    if failure:
        _move(account, AccountStatus.ERROR, failure)
        emit(
            TradingAccountDisconnected(
                trading_account_id=account.pk, member_id=account.member_id, reason=failure
            )
        )
        return account
    # All of the member's accounts are locked: two that connect at once must not both be the first.
    is_first = all(other.first_connected_at is None for other in accounts)
    account.connected_at = timezone.now()
    account.first_connected_at = account.first_connected_at or account.connected_at
    account.save(update_fields=["connected_at", "first_connected_at"])
    _move(account, AccountStatus.CONNECTED, "")
    emit(
        TradingAccountConnected(
            trading_account_id=account.pk,
            member_id=account.member_id,
            venue=account.venue,
            is_first=is_first,
        )
    )
    return account


@transaction.atomic(durable=True)
def disconnect_account(*, actor: Actor, trading_account_id: UUID, reason: str = "") -> TradingAccount:
    """Stop using an account; its orders at the venue stay. Raises ConflictError("account.not_connected")."""
    account = account_to_act_on(
        actor, "trading_accounts.connect_account", trading_account_id, for_update=True
    )
    if account.status == AccountStatus.DISCONNECTED:
        raise ConflictError("account.not_connected", _("This account is not connected."))
    _move(account, AccountStatus.DISCONNECTED, reason[:200])
    emit(
        TradingAccountDisconnected(trading_account_id=account.pk, member_id=account.member_id, reason=reason)
    )
    return account


@transaction.atomic(durable=True)
def change_settings(
    *, actor: Actor, trading_account_id: UUID, settings: Mapping[str, object]
) -> TradingAccount:
    """Replace the settings of a simulated account: its assumptions and the faults on purpose."""
    account = account_to_act_on(actor, "trading_accounts.change_account", trading_account_id, for_update=True)
    installed = _installed_venue(account.venue)
    _check(
        installed, name=account.name, currency=account.currency, mode=account.mode, settings=dict(settings)
    )
    account.settings = dict(settings)
    account.save(update_fields=["settings"])
    emit(AccountSettingsChanged(trading_account_id=account.pk, settings=account.settings))
    return account


def add_to_balance(*, trading_account_id: UUID, currency: str, amount: Decimal) -> None:
    """Step: add a profit or a fee (negative) to an account's cash in one currency. Needs a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a balance changes inside a transaction")
    rows = AccountBalance.objects.filter(trading_account_id=trading_account_id, currency=currency)
    if not rows.update(amount=F("amount") + amount):
        balance, is_new = AccountBalance.objects.get_or_create(
            trading_account_id=trading_account_id, currency=currency, defaults={"amount": amount}
        )
        if not is_new:
            rows.filter(pk=balance.pk).update(amount=F("amount") + amount)


def _move(account: TradingAccount, new: AccountStatus, reason: str) -> None:
    if not is_legal(AccountStatus(account.status), new):
        raise ConflictError(
            "account.illegal_transition",
            _("An account that is %(current)s cannot become %(new)s.")
            % {"current": account.status, "new": new},
        )
    account.status, account.status_reason = new, reason
    account.save(update_fields=["status", "status_reason"])
