from datetime import timedelta

from django.apps import AppConfig


class BotsConfig(AppConfig):
    name = "tenant_apps.bots"
    label = "bots"

    def ready(self) -> None:
        from billing.subscriptions.events import MeterAlert, SubscriptionStateChanged
        from shared_apps.core.background import periodic
        from shared_apps.core.events import subscribe
        from shared_apps.tenants.demo import register_tenant_seed
        from shared_apps.tenants.roles import declare_append_only
        from tenant_apps.members.sharing import register_shareable
        from tenant_apps.trading.events import MarketMet

        from . import permissions  # noqa: F401 - registers the app's rows of the matrix
        from .demo import seed_bot
        from .sharing import BOTS
        from .subscribers import on_market_met, on_meter_alert, on_subscription_state

        for table in ("bots_botevent", "bots_decision", "bots_strategyversion"):
            declare_append_only(table)
        subscribe(MarketMet, on_market_met)
        subscribe(MeterAlert, on_meter_alert)
        subscribe(SubscriptionStateChanged, on_subscription_state)
        register_shareable(BOTS)
        periodic("bots.sweep_bots", every=timedelta(seconds=30))
        periodic("bots.count_minute", every=timedelta(seconds=60))
        register_tenant_seed("bots", seed_bot)
