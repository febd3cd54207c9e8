"""The exchange's side of the paper venue: time passes, and working orders meet the bars that have closed."""

from __future__ import annotations

from django.db.models import Min

from shared_apps.market_data import queries as market_data
from shared_apps.market_data.rules import Interval
from tenant_apps.trading_accounts.models import PaperOrder, TradingAccount
from tenant_apps.trading_accounts.venues.base import AccountConnection, VenueOrderState

from .installed import open_paper

_WORKING = (VenueOrderState.ACCEPTED, VenueOrderState.PARTIALLY_FILLED)
MOST_BARS = 500


def match_working_orders(symbol: str) -> int:
    """Match the tenant's working paper orders in an instrument against every bar that closed since;
    return the fills.

    Each bar of each account is one transaction; doing it again finds nothing left to do.
    """
    instrument = market_data.find_instrument(symbol)
    if instrument is None:
        return 0
    intervals = market_data.available_intervals(instrument)
    if not intervals:
        return 0
    waiting = (
        PaperOrder.objects.filter(symbol=symbol, state__in=_WORKING)
        .values("trading_account_id")
        .annotate(since=Min("eligible_after"))
        .order_by("trading_account_id")
    )
    fills = 0
    for row in waiting:
        account = TradingAccount.objects.get(pk=row["trading_account_id"])
        venue = open_paper(AccountConnection(str(account.pk), account.currency, account.settings))
        bars = market_data.closed_after(instrument, Interval(intervals[0]), row["since"], MOST_BARS)
        fills += sum(len(venue.on_bar(symbol, bar)) for bar in bars)
    return fills
