from django.apps import AppConfig


class TradingAccountsConfig(AppConfig):
    name = "tenant_apps.trading_accounts"
    label = "trading_accounts"

    def ready(self) -> None:
        from shared_apps.core.events import subscribe
        from shared_apps.tenants.demo import register_tenant_seed
        from tenant_apps.members.sharing import register_shareable

        from . import permissions  # noqa: F401 - registers the app's rows of the matrix
        from .demo import seed_account
        from .events import TradingAccountConnected
        from .sharing import ACCOUNTS
        from .subscribers import start_clock
        from .venues.base import register_venue
        from .venues.paper.installed import PAPER

        subscribe(TradingAccountConnected, start_clock)
        register_venue(PAPER)
        register_shareable(ACCOUNTS)
        register_tenant_seed("trading_accounts", seed_account)
