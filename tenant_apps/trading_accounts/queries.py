"""Reads of trading accounts, always through an actor."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from shared_apps.access.actors import Actor
from shared_apps.access.scoping import get_for, scope

from .models import AccountBalance, TradingAccount
from .venues.base import AccountConnection, Venue, venue_type


def own_accounts(actor: Actor) -> Q:
    """Return the condition for the actor's own accounts."""
    return Q(member_id=actor.member_id)


def visible_accounts(actor: Actor) -> QuerySet[TradingAccount]:
    """Return the accounts that the actor may see, with their balances."""
    accounts = TradingAccount.objects.select_related("member").prefetch_related(
        Prefetch("balances", queryset=AccountBalance.objects.order_by("currency"))
    )
    return scope(accounts, actor, "trading_accounts.view_account", own_accounts(actor))


def account_to_act_on(
    actor: Actor, permission: str, trading_account_id: Any, *, for_update: bool = False
) -> TradingAccount:
    """Return an account for an action. Not visible: NotFoundError; visible and not allowed:
    ForbiddenError."""
    account: TradingAccount = get_for(
        actor,
        TradingAccount.objects.all(),
        "trading_accounts.view_account",
        permission,
        trading_account_id,
        own=own_accounts(actor),
        for_update=for_update,
    )
    return account


def open_venue(account: TradingAccount) -> Venue:
    """Return a connection to the venue of an account. Raises UnknownVenue when its plug-in is gone."""
    connection = AccountConnection(
        account_id=str(account.pk), currency=account.currency, settings=account.settings
    )
    return venue_type(account.venue).open(connection)
