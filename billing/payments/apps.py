from __future__ import annotations

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "billing.payments"
    label = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        from shared_apps.core.background import periodic
        from shared_apps.core.crypto import SealedColumn, register_sealed
        from shared_apps.core.health import register
        from shared_apps.tenants.demo import register_platform_seed, register_tenant_seed
        from shared_apps.tenants.roles import declare_append_only, show_own_rows

        from . import demo, models
        from .providers import crypto, manual, paypal, sbp
        from .providers.base import register_provider
        from .providers.stripe import kind as stripe
        from .services.alarms import check_inbox
        from .services.begin import DESTINATION
        from .services.gateways import SECRETS
        from .services.steps import ACTION_SECRET

        for kind in (manual, stripe, paypal, sbp, crypto):
            register_provider(kind.TYPE)
        register_sealed(SealedColumn("payments.PaymentGatewayConfig", "secrets", SECRETS))
        register_sealed(SealedColumn("payments.Payment", "action_secret", ACTION_SECRET))
        register_sealed(SealedColumn("payments.Payout", "destination", DESTINATION))
        for model in models.shown_to_tenants():
            show_own_rows(model._meta.db_table, columns=models.readable_columns(model))
        for journal in (models.PaymentLog, models.StaffConfirmation):
            declare_append_only(journal._meta.db_table, in_public=True)
        register_platform_seed("payments", demo.seed_platform)
        register_tenant_seed("payments", demo.seed_tenant)
        register("payment notifications", check_inbox)
        periodic("payments.work_inbox", every=timedelta(minutes=1), per_tenant=False)
        periodic("payments.poll_open", every=timedelta(hours=1), per_tenant=False)
