"""Simulated accounts at every payment service, for the platform and for each demo tenant."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from shared_apps.access.actors import Actor
from shared_apps.configuration.services import PLATFORM_PLACE, change_option
from shared_apps.core.context import PUBLIC, platform_context
from shared_apps.tenants.demo import DemoPerson
from shared_apps.tenants.models import Tenant

from .models import PaymentGatewayConfig
from .options import FLAGS
from .services.gateways import add_configuration

#: Provider, name, currencies. Their keys follow from their numbers (simulators.accounts).
ACCOUNTS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("stripe", "Cards (simulated)", ("EUR", "USD")),
    ("paypal", "PayPal (simulated)", ("EUR", "USD")),
    ("yookassa", "SBP (simulated)", ("RUB",)),
    ("btcpay", "Crypto (simulated)", ("BTC", "EUR", "USD")),
)


def seed_platform() -> None:
    """Every provider is in operation in the demo, and the platform has an account at each."""
    actor = Actor.system("payments.seed_demo", PUBLIC)
    for flag in FLAGS.values():
        if not flag.value_for(PUBLIC):
            change_option(actor=actor, name=flag.name, value=True, place=PLATFORM_PLACE, reason="Demo")
    _accounts_of(None)


def seed_tenant(tenant: Tenant, people: list[DemoPerson]) -> None:
    """A demo tenant's own accounts."""
    _accounts_of(tenant)


def _accounts_of(tenant: Tenant | None) -> None:
    with platform_context(), transaction.atomic():
        known = set(PaymentGatewayConfig.objects.filter(tenant=tenant).values_list("provider", "name"))
        for provider, name, currencies in ACCOUNTS:
            if (provider, name) not in known:
                add_configuration(
                    tenant=tenant,
                    provider=provider,
                    name=name,
                    settings={},
                    secrets={},
                    currencies=list(currencies),
                    is_simulated=True,
                )
