from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from shared_apps.tenants.demo import DemoPerson
    from shared_apps.tenants.models import Tenant


class WalletConfig(AppConfig):
    name = "tenant_apps.wallet"
    label = "wallet"
    verbose_name = _("Wallet")

    def ready(self) -> None:
        from billing.payments import events
        from billing.subscriptions import collection
        from shared_apps.core.crypto import SealedColumn, register_sealed
        from shared_apps.core.events import subscribe
        from shared_apps.tenants.demo import register_tenant_seed
        from shared_apps.users import hooks

        from . import collecting, personal_data
        from .services import deposits, destinations, withdrawals

        register_sealed(SealedColumn("wallet.PayoutDestination", "address", destinations.PURPOSE))
        subscribe(events.PaymentSucceeded, deposits.on_succeeded)
        subscribe(events.PaymentFailed, deposits.on_failed)
        subscribe(events.PaymentRefunded, deposits.on_refunded)
        subscribe(events.RefundFailed, deposits.on_refund_failed)
        subscribe(events.PaymentDisputed, deposits.on_disputed)
        subscribe(events.DisputeClosed, deposits.on_dispute_closed)
        subscribe(events.PayoutSettled, withdrawals.on_settled)
        subscribe(events.PayoutFailed, withdrawals.on_payout_failed)
        collection.register(collecting.Wallet())
        hooks.register_leave_check(personal_data.check_leaving)
        hooks.register_erase_hook("wallet", personal_data.erase_person)
        hooks.register_sections("wallet", personal_data.sections_of)
        register_tenant_seed("wallet", _seed)


def _seed(tenant: Tenant, people: list[DemoPerson]) -> None:
    from . import demo

    demo.seed(tenant, people)
