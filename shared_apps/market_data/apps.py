from django.apps import AppConfig


class MarketDataConfig(AppConfig):
    name = "shared_apps.market_data"
    label = "market_data"

    def ready(self) -> None:
        from shared_apps.core.background import periodic
        from shared_apps.tenants.demo import register_platform_seed
        from shared_apps.tenants.roles import allow_tenants_to_read

        from . import permissions  # noqa: F401 - registers the app's rows of the matrix
        from .demo import seed_market
        from .rules import PACE

        for table in ("market_data_instrument", "market_data_candle", "market_data_feed"):
            allow_tenants_to_read(table)
        periodic("market_data.replay_bar", every=PACE, per_tenant=False)
        register_platform_seed("market_data", seed_market)
