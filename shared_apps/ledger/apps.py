from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "shared_apps.ledger"
    label = "ledger"
    verbose_name = _("Ledger")

    def ready(self) -> None:
        from shared_apps.core.background import periodic
        from shared_apps.tenants.roles import declare_callable, declare_read_only
        from shared_apps.tenants.steps import register_schema_step

        from . import functions

        register_schema_step("ledger.functions", functions.function_statements)
        for table in ("ledger_ledgeraccount", "ledger_entry"):
            declare_read_only(table, numbered=True)
        for table in ("ledger_posting", "ledger_hold"):
            declare_read_only(table)
        for signature in functions.SIGNATURES:
            declare_callable(signature)
        periodic("ledger.expire_holds", every=timedelta(minutes=1))
        periodic("ledger.expire_platform_holds", every=timedelta(minutes=1), per_tenant=False)
