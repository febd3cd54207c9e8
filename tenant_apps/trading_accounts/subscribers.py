"""What others want to know of trading accounts."""

from __future__ import annotations

from billing.subscriptions.services import first_source_connected
from shared_apps.core.context import current_tenant

from .events import TradingAccountConnected
from .models import TradingAccount


def start_clock(event: TradingAccountConnected) -> None:
    """A member's first data source starts the clock of their subscription (S0-23), later ones do not."""
    if not event.is_first:
        return
    account = TradingAccount.objects.select_related("member").get(pk=event.trading_account_id)
    tenant, at = current_tenant(), account.first_connected_at
    assert tenant is not None and at is not None
    first_source_connected(tenant=tenant, user_id=account.member.user_id, at=at)
