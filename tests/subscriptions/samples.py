"""Requests of plans and subscriptions for the test of the matrix."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing.subscriptions.models import Coupon, PromotionCode, SubscriptionCharge, SubscriptionInfo
from billing.subscriptions.models import Subscription as Contract
from billing.subscriptions.queries import current_version
from billing.subscriptions.services.catalogue import add_plan, put_price
from billing.subscriptions.services.clock import charge_paid, first_source_connected
from billing.subscriptions.services.contracts import subscribe
from shared_apps.access.actors import Actor, load_actor
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants import hosts
from shared_apps.tenants.models import Membership
from tenant_apps.members.models import Member
from tests.access.samples import example, prepare, sample
from tests.access.world import Persona, World

_PLAN = {
    "name": "Matrix", "description": "", "default": False, "available": True, "requires_payment": False,
    "requires_invoice": False, "auto_renew": True, "entitlements": ["connect", "trade", "bots"], "limits": {},
    "metadata": {},
}  # fmt: skip


@prepare
def _shop(world: World) -> None:
    """On each host a plan with a price and a code, and a subscription with an open amount."""
    with platform_context():
        for host, owner, user in (
            ("platform", None, None),
            ("tenant", world.tenant, world.bystander.user),
        ):
            plan = add_plan(owner, _PLAN)
            price = put_price(plan, amount=Decimal("9.00"), currency="EUR", interval="month")
            coupon = Coupon.objects.create(owner=owner, name="MATRIX", percent_off=Decimal(10))
            code = PromotionCode.objects.create(owner=owner, coupon=coupon, code="MATRIX")
            info, _new = SubscriptionInfo.objects.get_or_create(
                tenant=world.elsewhere if user is None else world.tenant, user=user
            )
            version = current_version(plan)
            contract = Contract.objects.create(info=info, version=version, pricing=price)
            charge = SubscriptionCharge.objects.create(
                subscription=contract, kind="first", minor_units=900, currency="EUR", version=version,
                pricing=price, lines=[["plan", 900]],
            )  # fmt: skip
            made = {"plan": plan, "price": price, "code": code, "contract": contract, "charge": charge}
            for kind, thing in made.items():
                world.things[f"sold_{kind}", host] = thing


def _of(kind: str) -> Any:
    return lambda world, persona: world.things[f"sold_{kind}", persona.host].pk


def _price_body(world: World, persona: Persona, _value: Any) -> dict[str, Any]:
    return {"price": str(world.things["sold_price", persona.host].pk)}


#: On the platform's host only who owns an organisation has a subscription there; the others are told so.
_OWN = {"may": frozenset({404, 409})}

sample("both GET /api/v1/plans/")
sample("both POST /api/v1/plans/", body={"name": "Another", "description": "One more"})
sample("both GET /api/v1/plans/{pk}/", other=_of("plan"))
sample("both PATCH /api/v1/plans/{pk}/", other=_of("plan"), body={"description": "Changed"})
sample(
    "both POST /api/v1/plans/{pk}/prices/", other=_of("plan"),
    body={"price": {"amount": "99.00", "currency": "EUR"}, "interval": "year"},
)  # fmt: skip
sample("both DELETE /api/v1/plans/prices/{pk}/", other=_of("price"))
sample("both GET /api/v1/plans/codes/")
sample("both POST /api/v1/plans/codes/", body={"code": "SPRING", "percent_off": "20.00", "periods": 3})
sample("both DELETE /api/v1/plans/codes/{pk}/", other=_of("code"))
sample("both GET /api/v1/subscription/", **_OWN)
sample("both POST /api/v1/subscription/checkout/", body=_price_body, **_OWN)
sample("both POST /api/v1/subscription/preview/", body=_price_body, **_OWN)
sample("both POST /api/v1/subscription/change/", body=_price_body, **_OWN)
sample("both POST /api/v1/subscription/pay/", body={}, **_OWN)
sample("both POST /api/v1/subscription/cancel/", body={"reason": "A test", "at_once": True}, **_OWN)
sample("both POST /api/v1/subscription/resume/", **_OWN)
sample("both POST /api/v1/subscription/pause/", body={"days": 7}, **_OWN)
sample("both POST /api/v1/subscription/portal/", **_OWN)
sample("both GET /api/v1/subscriptions/", query={"status": "inactive"})
sample("both GET /api/v1/subscriptions/{pk}/", other=_of("contract"))
sample("both POST /api/v1/subscriptions/charges/{pk}/paid/", other=_of("charge"))


def _buyer(world: World, persona: Persona) -> Actor:
    """Who subscribes: a member of acme, on the platform's host an owner of the other organisation."""
    assert persona.user is not None
    if persona.host == "tenant":
        return load_actor(persona.user, world.tenant, fresh=True)
    Membership.objects.create(user=persona.user, tenant=world.elsewhere)
    with tenant_context(world.elsewhere):
        Member.objects.create(
            user_id=persona.user.pk, name="Matrix", email=persona.user.email, capabilities=["owner"]
        )
    return load_actor(persona.user, hosts.PLATFORM_HOST, fresh=True)


def _owning(world: World, persona: Persona) -> None:
    _buyer(world, persona)


def _chosen(world: World, persona: Persona) -> dict[str, Any]:
    """There is a subscription, and its first amount is open."""
    actor = _buyer(world, persona)
    with platform_context():
        owner = world.tenant if persona.host == "tenant" else None
        plan = add_plan(owner, {**_PLAN, "name": "Example", "requires_payment": True})
        price = put_price(plan, amount=Decimal("9.00"), currency="EUR", interval="month")
    _contract, charge = subscribe(actor=actor, price_id=price.pk)
    assert charge is not None
    return {"charge": charge, "plan": plan}


def _running(world: World, persona: Persona) -> dict[str, Any]:
    """There is one that is paid, and another price to change to."""
    chosen = _chosen(world, persona)
    charge = chosen["charge"]
    with transaction.atomic():
        charge_paid(charge_id=charge.pk, at=timezone.now())
        if persona.host == "tenant" and persona.user is not None:
            with tenant_context(world.tenant):
                first_source_connected(tenant=world.tenant, user_id=persona.user.pk, at=timezone.now())
        with platform_context():
            price = put_price(chosen["plan"], amount=Decimal("99.00"), currency="EUR", interval="year")
    return {"price": str(price.pk)}


def _pay(world: World, persona: Persona, _made: Any) -> dict[str, Any]:
    return {"configuration": str(world.things["gateways", "bystander"][persona.host].pk)}


def _pause(_world: World, _persona: Persona, _made: Any) -> dict[str, Any]:
    return {"days": 7}


def _cancel(_world: World, _persona: Persona, _made: Any) -> dict[str, Any]:
    return {"reason": "Too little time", "at_once": False}


#: The id differs each time.
_ACCOUNT = {"configuration": "0195c0de-0000-7000-8000-000000000001"}
for _host, _who in (("platform", "tenant_owner"), ("tenant", "plain")):
    _at = f"{_host} POST /api/v1/subscription"
    example(f"{_at}/checkout/", before=_owning, who=_who)
    example(f"{_at}/preview/", f"{_at}/change/", before=_running, body={}, who=_who)
    example(f"{_at}/pay/", before=_chosen, body=_pay, shown=_ACCOUNT, who=_who)
    example(f"{_at}/cancel/", before=_running, body=_cancel, who=_who)
example("tenant POST /api/v1/subscription/pause/", before=_running, body=_pause, who="plain")
# An organisation's own subscription cannot be paused: this is what the platform's host says of it.
example(
    "platform POST /api/v1/subscription/pause/", before=_running, body=_pause, who="tenant_owner", answers=409
)


def _form(world: World, persona: Persona, _value: Any) -> dict[str, Any]:
    return {"seats": 1, "code": "", "method": "payment"}


_PAGE_OWN = {"may": frozenset({404})}
sample("both GET /plans/")
sample("both GET /plans/checkout/{price_id}/", own=_of("price"), sees="subscriptions.view_plan", **_PAGE_OWN)
sample(
    "both POST /plans/checkout/{price_id}/", own=_of("price"), sees="subscriptions.view_plan", body=_form,
    **_PAGE_OWN,
)  # fmt: skip
sample("both GET /plans/catalogue/")
sample("both POST /plans/catalogue/", body={"name": "Another", "available": "on", "entitlements": ["trade"]})
sample("both GET /plans/catalogue/{plan_id}/", other=_of("plan"))
sample("both POST /plans/catalogue/{plan_id}/", other=_of("plan"), body={"name": "Renamed"})
sample("both GET /plans/catalogue/{plan_id}/prices/", other=_of("plan"))
sample(
    "both POST /plans/catalogue/{plan_id}/prices/", other=_of("plan"),
    body={"amount": "5.00", "currency": "EUR", "interval": "day", "interval_count": 35, "trial_period_days": 0},
)  # fmt: skip
sample("both GET /plans/catalogue/prices/{price_id}/end/", other=_of("price"))
sample("both POST /plans/catalogue/prices/{price_id}/end/", other=_of("price"))
sample("both GET /subscription/", **_PAGE_OWN)
sample(
    "both GET /subscription/{what}/",
    "both POST /subscription/{what}/",
    params={"what": "cancel"},
    **_PAGE_OWN,
)
sample("tenant GET /settings/plan/")
