from datetime import timedelta

from django.apps import AppConfig


class TradingConfig(AppConfig):
    name = "tenant_apps.trading"
    label = "trading"

    def ready(self) -> None:
        from shared_apps.access.topics import register_topic
        from shared_apps.core.background import periodic
        from shared_apps.core.events import subscribe
        from shared_apps.market_data.events import CandleClosed
        from shared_apps.tenants.roles import declare_append_only

        from . import permissions  # noqa: F401 - registers the app's rows of the matrix
        from .subscribers import on_candle_closed

        for table in ("trading_orderevent", "trading_execution"):
            declare_append_only(table)
        subscribe(CandleClosed, on_candle_closed)
        periodic("trading.sweep_orders", every=timedelta(seconds=60))
        register_topic("orders", "trading.view_order")
        register_topic("trades", "trading.view_execution")
        register_topic("portfolio", "trading.view_position")
        register_topic("market", "market_data.view_instrument")
