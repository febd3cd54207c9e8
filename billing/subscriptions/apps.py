from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from shared_apps.tenants.models import Tenant
    from shared_apps.users.models import User


class SubscriptionsConfig(AppConfig):
    name = "billing.subscriptions"
    label = "subscriptions"
    verbose_name = _("Subscriptions")

    def ready(self) -> None:
        from billing.payments.events import PaymentFailed, PaymentSucceeded
        from shared_apps.configuration.plans import register_plans
        from shared_apps.core.background import periodic
        from shared_apps.core.events import subscribe
        from shared_apps.tenants.demo import register_platform_seed, register_tenant_seed
        from shared_apps.tenants.steps import register_tenant_hook
        from shared_apps.users.hooks import register_join_hook

        from . import collection, demo, queries
        from .methods import Invoice, SavedMethod
        from .services import paying

        register_platform_seed("subscriptions", demo.seed_platform)
        register_tenant_seed("subscriptions", demo.seed_tenant)
        collection.register(SavedMethod())
        collection.register(Invoice())
        subscribe(PaymentSucceeded, paying.on_payment_succeeded)
        subscribe(PaymentFailed, paying.on_payment_failed)
        register_plans(plan_of=queries.plan_of, plans=queries.all_plans)
        register_tenant_hook("subscriptions", _begin_of_tenant)
        register_join_hook("subscriptions", _begin_of_person)
        periodic("subscriptions.keep_meters", every=timedelta(seconds=60), per_tenant=False)
        periodic("subscriptions.renew_due", every=timedelta(seconds=60), per_tenant=False)


def _begin_of_tenant(*, tenant: Tenant, owner: User | None) -> None:
    """Hook of a new tenant: the platform's default plan, where there is one."""
    from shared_apps.core.context import PUBLIC

    from . import services

    services.give_default_plan(tenant=tenant, user_id=None, seller=PUBLIC)


def _begin_of_person(*, user: User) -> None:
    """Hook of who joins: not activated (S0-21), perhaps with the tenant's default plan."""
    from shared_apps.core.context import current_tenant

    from . import services

    tenant = current_tenant()
    assert tenant is not None
    services.give_default_plan(tenant=tenant, user_id=user.pk, seller=tenant.schema_name)
