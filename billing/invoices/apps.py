from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvoicesConfig(AppConfig):
    name = "billing.invoices"
    label = "invoices"
    verbose_name = _("Invoices")

    def ready(self) -> None:
        from billing.payments.events import PaymentRefunded
        from shared_apps.core.events import subscribe
        from shared_apps.tenants.roles import allow_tenants_to_read, show_own_rows
        from shared_apps.tenants.steps import register_schema_step
        from shared_apps.users import hooks

        from . import immutability, options, queries, subscribers  # noqa: F401 - options register themselves

        subscribe(PaymentRefunded, subscribers.on_refunded)
        hooks.register_sections("invoices", queries.sections_of)
        register_schema_step("invoices.immutable", immutability.statements)
        allow_tenants_to_read("invoices_taxrate")
        # A tenant sees what it sold and what the platform billed it for.
        show_own_rows(
            "invoices_invoice",
            column="seller_id",
            or_where="EXISTS (SELECT FROM public.tenants_tenant b "
            'WHERE b.id = public."invoices_invoice".buyer_tenant_id '
            'AND b.db_role = current_user::text COLLATE "default")',
        )
