"""Requests of payments for the test of the matrix."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from billing.payments.models import Payment, PaymentGatewayConfig, WebhookDelivery
from billing.payments.rules import creditor_reference
from billing.payments.services import gateways
from shared_apps.core.context import platform_context
from tests.access.samples import example, prepare, sample
from tests.access.world import Persona, World

SETTINGS = {"account_holder": "Matrix Ltd", "iban": "DE89370400440532013000"}
GATEWAY = {"provider": "manual", "name": "Another", "values": SETTINGS, "currencies": ["EUR"]}
GATEWAY_FORM = {"name": "Another", "currencies": ["EUR"], **SETTINGS}


@prepare
def _payments(world: World) -> None:
    with platform_context():
        accounts = {
            host: gateways.add_configuration(
                tenant=world.tenant if host == "tenant" else None, provider="manual", name="Matrix bank",
                settings=SETTINGS, secrets={}, currencies=["EUR"], is_simulated=False,
            )
            for host in ("tenant", "platform")
        }  # fmt: skip
        for (host, key), persona in list(world.people.items()):
            if persona.user is not None and persona.key != "stranger":
                for state in ("pending", "succeeded", "failed"):
                    world.things[f"{host}_{state}", key] = _payment(world, accounts[host], persona, state)
        world.things["gateways", "bystander"] = accounts
        world.things["delivery", "bystander"] = WebhookDelivery.objects.create(
            configuration=accounts["platform"], provider="manual", event_id="ev_1", object_kind="payment",
            object_id="x", payload_hash="0" * 64, signature="verified", state="dead",
        )  # fmt: skip


def _payment(world: World, account: PaymentGatewayConfig, persona: Persona, state: str) -> Payment:
    pk = uuid4()
    payment = Payment(
        id=pk, tenant=account.tenant, configuration=account, provider="manual", currency="EUR",
        minor_units=1000, state=state, purpose="order", reference=f"matrix {persona.key}",
        user=persona.user, description="Matrix", return_url="/", key=str(pk), attempt_key=str(pk),
        label=creditor_reference(pk.hex[:12].upper()), provider_reference=str(pk),
        received_minor_units=1000 if state == "succeeded" else 0, action_kind="transfer",
    )  # fmt: skip
    payment.save(force_insert=True)
    return payment


def _own(state: str) -> Any:
    def find(world: World, persona: Persona) -> UUID:
        mine = world.things.get((f"{persona.host}_{state}", persona.key))
        return mine.pk if mine is not None else uuid4()

    return find


def _other(state: str) -> Any:
    def find(world: World, persona: Persona) -> UUID:
        other = "bystander" if persona.host == "tenant" else "subscriber"
        if persona.key == other:
            other = "tenant_owner"
        return world.things[f"{persona.host}_{state}", other].pk

    return find


def _gateway(world: World, persona: Persona) -> UUID:
    return world.things["gateways", "bystander"][persona.host].pk


def _named(name: str, find: Any, **more: str) -> Any:
    return lambda world, persona: {name: find(world, persona), **more}


API = "both {} /api/v1/payments/"
_ONE = {"own": _own("succeeded"), "other": _other("succeeded")}
_ANY_GATEWAY = {"other": _gateway}
_SEES = "payments.view_payment"

# A bank tells nothing, so even a fine notification is refused: 404.
sample(
    "platform POST /api/v1/payments/webhooks/{provider}/{configuration}/",
    own=lambda world, persona: {
        "provider": "manual", "configuration": world.things["gateways", "bystander"]["tenant"].pk,
    },
    body={"id": "ev_1"}, may=frozenset({404}),
)  # fmt: skip
# What succeeds is signed by a provider, with a secret of its configuration.
example("platform POST /api/v1/payments/webhooks/{provider}/{configuration}/", answers=404)
sample("platform GET /api/v1/payments/figures/", "platform GET /api/v1/payments/deliveries/")
sample(
    "platform GET /api/v1/payments/deliveries/{pk}/", "platform POST /api/v1/payments/deliveries/{pk}/replay/",
    other=lambda world, persona: world.things["delivery", "bystander"].pk,
)  # fmt: skip
sample("both GET /api/v1/payments/", "both GET /api/v1/payments/export/", query={"state": "succeeded"})
sample("both GET /api/v1/payments/{pk}/", "both GET /api/v1/payments/{pk}/log/", **_ONE)
sample("both POST /api/v1/payments/{pk}/refund/", body={"reason": "Matrix"}, other=_other("succeeded"))
sample("both POST /api/v1/payments/{pk}/start/", own=_own("succeeded"))
sample("both POST /api/v1/payments/{pk}/cancel/", own=_own("pending"))
sample("both POST /api/v1/payments/{pk}/again/", own=_own("failed"))
sample("both GET /api/v1/payments/transfers/", "both GET /api/v1/payments/providers/")
sample("both GET /api/v1/payments/gateways/")
sample("both POST /api/v1/payments/gateways/", body=GATEWAY)
sample("both GET /api/v1/payments/gateways/{pk}/", **_ANY_GATEWAY)
sample("both PUT /api/v1/payments/gateways/{pk}/", body=GATEWAY, **_ANY_GATEWAY)
sample("both POST /api/v1/payments/gateways/{pk}/switch/", body={"is_enabled": False}, **_ANY_GATEWAY)
sample("both POST /api/v1/payments/gateways/{pk}/check/", **_ANY_GATEWAY)
sample(
    "both POST /api/v1/payments/transfers/{kind}/{pk}/confirm/",
    other=_named("pk", _other("pending"), kind="payment"), body={"happened": True},
)  # fmt: skip
sample(
    "both GET /payments/",
    "both GET /payments/export/",
    "both GET /payments/transfers/",
    "both GET /payments/providers/",
)
sample("both GET /payments/{payment_id}/", **_ONE)
sample("both GET /payments/{payment_id}/refund/", **_ONE)
sample(
    "both POST /payments/{payment_id}/refund/",
    body=lambda world, persona, value: {"amount": "1.00", "key": str(uuid4())},
    other=_other("succeeded"),
)  # fmt: skip
sample(
    "both GET /payments/transfers/{kind}/{object_id}/", "both POST /payments/transfers/{kind}/{object_id}/",
    other=_named("object_id", _other("pending"), kind="payment"), body={"happened": "1"},
)  # fmt: skip
sample("both GET /payments/providers/new/{provider}/", params={"provider": "manual"})
sample("both POST /payments/providers/new/{provider}/", params={"provider": "manual"}, body=GATEWAY_FORM)
sample("both GET /payments/providers/{gateway_id}/", **_ANY_GATEWAY)
sample("both POST /payments/providers/{gateway_id}/", body=GATEWAY_FORM, **_ANY_GATEWAY)
sample(
    "both GET /payments/providers/{gateway_id}/check/", "both POST /payments/providers/{gateway_id}/check/",
    "both GET /payments/providers/{gateway_id}/switch/", "both POST /payments/providers/{gateway_id}/switch/",
    **_ANY_GATEWAY,
)  # fmt: skip
sample(
    "tenant GET /pay/{payment_id}/", "tenant POST /pay/{payment_id}/", "tenant GET /pay/{payment_id}/state/",
    own=_own("succeeded"), other=_other("succeeded"),
)  # fmt: skip
sample("tenant GET /pay/{payment_id}/cancel/", "tenant POST /pay/{payment_id}/cancel/", own=_own("pending"))
sample("tenant GET /pay/{payment_id}/again/", "tenant POST /pay/{payment_id}/again/", own=_own("failed"))
#: Owners pay for their organisations there; in this world nobody has anything to pay.
_NONE = {"params": {"payment_id": UUID(int=0)}, "may": frozenset({404})}
sample(
    "platform GET /pay/{payment_id}/", "platform POST /pay/{payment_id}/", "platform GET /pay/{payment_id}/state/",
    "platform GET /pay/{payment_id}/cancel/", "platform POST /pay/{payment_id}/cancel/",
    "platform GET /pay/{payment_id}/again/", "platform POST /pay/{payment_id}/again/", **_NONE,
)  # fmt: skip
