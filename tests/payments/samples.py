"""Requests of payments for the test of the matrix."""

from __future__ import annotations

from typing import Any

from billing.payments.models import PaymentGatewayConfig
from billing.payments.services import gateways
from shared_apps.core.context import platform_context
from tests.access.samples import example, prepare, sample
from tests.access.world import Persona, World

SETTINGS = {"account_holder": "Matrix Ltd", "iban": "DE89370400440532013000"}


@prepare
def _payments(world: World) -> None:
    with platform_context():
        for key, tenant in (("tenant", world.tenant), ("platform", None)):
            world.things["gateway", key] = gateways.add_configuration(
                tenant=tenant, provider="manual", name="Matrix", settings=SETTINGS, secrets={},
                currencies=["EUR"], is_simulated=False,
            )  # fmt: skip


def _gateway(world: World, persona: Persona) -> PaymentGatewayConfig:
    return world.things["gateway", persona.host]


def _webhook(world: World, persona: Persona) -> dict[str, Any]:
    return {"provider": "manual", "configuration": world.things["gateway", "tenant"].pk}


# A bank tells nothing, so even a fine notification is refused: 404.
sample(
    "platform POST /api/v1/payments/webhooks/{provider}/{configuration}/",
    own=_webhook, body={"id": "ev_1"}, may=frozenset({404}),
)  # fmt: skip
# What succeeds is signed by a provider, with a secret of its configuration.
example("platform POST /api/v1/payments/webhooks/{provider}/{configuration}/", answers=404)
