"""Reads of plans and subscriptions, all in the platform role with the tenant as a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import can, require
from shared_apps.core.context import PUBLIC, SchemaRef, platform_context
from shared_apps.core.errors import NotFoundError
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User

from .models import Plan, PlanPricing, PlanVersion, PromotionCode, Subscription, SubscriptionInfo
from .owners import owners_of
from .rules.states import Status


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person in a tenant, or (``user_id`` None) the tenant itself. ``seller`` is the schema whose plans and
    options count."""

    tenant: Tenant
    user_id: int | None

    @property
    def seller(self) -> str:
        return PUBLIC if self.user_id is None else self.tenant.schema_name


def seller_of(schema: str) -> Tenant | None:
    """Who sells on a host: the tenant with this schema, None for the platform. In the platform role."""
    return None if schema == PUBLIC else Tenant.objects.get(schema_name=schema)


def plans_sold(schema: str, *, everything: bool = False) -> QuerySet[Plan]:
    """The seller's plans with their active prices; ``everything`` adds what is not on offer.

    To be read in the platform role.
    """
    mine = (
        Plan.objects.filter(owner__isnull=True)
        if schema == PUBLIC
        else Plan.objects.filter(owner__schema_name=schema)
    )
    prices = PlanPricing.objects.all() if everything else PlanPricing.objects.filter(active=True)
    shown = mine if everything else mine.filter(available=True)
    return shown.prefetch_related(Prefetch("pricing", queryset=prices))


def visible_plans(actor: Actor) -> QuerySet[Plan]:
    """What the actor may see of the plans sold on this host. To be read in the platform role."""
    require(actor, "subscriptions.view_plan")
    everything = can(actor, "subscriptions.browse_catalogue") is not None
    return plans_sold(actor.tenant_schema, everything=everything)


def get_plan(actor: Actor, plan_id: Any) -> Plan:
    """One plan that the actor may see. Raises NotFoundError."""
    with platform_context():
        plan = visible_plans(actor).filter(pk=plan_id).first()
    if plan is None:
        raise NotFoundError("plan.unknown", _("There is no such plan."))
    return plan


def current_version(plan: Plan) -> PlanVersion:
    """The terms that a new contract gets. In the platform role."""
    return PlanVersion.objects.get(plan=plan, number=plan.version)


def open_contract(info: SubscriptionInfo) -> Subscription | None:
    """The contract that is not canceled, with all that decides its state. In the platform role."""
    rows = Subscription.objects.filter(info=info).exclude(status=Status.CANCELED)
    return rows.select_related(
        "version__plan", "pricing", "info__tenant", "next_pricing", "next_version__plan", "code__coupon"
    ).first()


def find_info(tenant: SchemaRef, user_id: int | None) -> SubscriptionInfo | None:
    """The clock of a subscriber, None for who never signed up. In the platform role."""
    rows = SubscriptionInfo.objects.select_related("tenant").filter(tenant__schema_name=tenant.schema_name)
    return rows.filter(user_id=user_id).first() if user_id else rows.filter(user__isnull=True).first()


def find_code(schema: str, text: str) -> PromotionCode | None:
    """A promotion code of a seller as people type it. In the platform role."""
    rows = PromotionCode.objects.select_related("coupon").filter(code=text.strip().upper())
    mine = rows.filter(owner__isnull=True) if schema == PUBLIC else rows.filter(owner__schema_name=schema)
    return mine.first()


def all_plans() -> dict[str, str]:
    """The platform's plans by their ids as text; configuration keeps options of plans by these."""
    with platform_context():
        rows = Plan.objects.filter(owner__isnull=True).values_list("pk", "name")
        return {str(pk): name for pk, name in rows}


def plan_of(schema: str) -> str:
    """The id, as text, of the plan that a tenant is on; "" for none."""
    with platform_context():
        rows = Subscription.objects.filter(info__tenant__schema_name=schema, info__user__isnull=True)
        found = rows.exclude(status=Status.CANCELED).values_list("version__plan_id", flat=True).first()
        return "" if found is None else str(found)


def subscriber_of(actor: Actor, organisation: UUID | None = None) -> Subscriber:
    """For whom the actor subscribes: for themselves on a tenant's host, on the platform's for an organisation
    that they own (``organisation`` is its UUID; without it their home). Raises NotFoundError."""
    require(actor, "subscriptions.view_own_subscription")
    with platform_context():
        if not actor.on_platform:
            return Subscriber(Tenant.objects.get(schema_name=actor.tenant_schema), actor.user_id)
        owned = owned_tenants(actor)
    found = next((each for each in owned if organisation in (None, each.uuid)), None)
    if found is None:
        raise NotFoundError("tenant.none_assigned", _("You own no such organisation."))
    return Subscriber(found, None)


def owned_tenants(actor: Actor) -> list[Tenant]:
    """The organisations that the actor owns, the home first, suspended ones too. In the platform role."""
    rows = Tenant.objects.filter(memberships__user_id=actor.user_id or 0, memberships__is_active=True)
    home = User.objects.filter(pk=actor.user_id or 0).values_list("tenant_id", flat=True).first()
    open_ones = rows.filter(state__in=(Tenant.State.ACTIVE, Tenant.State.SUSPENDED)).order_by("name")
    mine = [tenant for tenant in open_ones if actor.user_id in owners_of(tenant)]
    return sorted(mine, key=lambda tenant: tenant.pk != home)


def metered_schemas() -> list[str]:
    """Schemas of tenants whose plan limits the bytes over the API."""
    with platform_context():
        rows = Subscription.objects.filter(
            info__user__isnull=True, info__tenant__is_active=True, version__terms__daily_data_mb__isnull=False
        ).exclude(status=Status.CANCELED)
        rows = rows.exclude(version__terms__daily_data_mb=None)
        return list(rows.order_by("pk").values_list("info__tenant__schema_name", flat=True))


def visible_codes(actor: Actor) -> list[PromotionCode]:
    """The promotion codes of who sells on the actor's host."""
    require(actor, "subscriptions.browse_catalogue")
    with platform_context():
        rows = PromotionCode.objects.select_related("coupon")
        schema = actor.tenant_schema
        mine = rows.filter(owner__isnull=True) if schema == PUBLIC else rows.filter(owner__schema_name=schema)
        return list(mine)


def sold_subscriptions(actor: Actor, *, state: str = "") -> QuerySet[Subscription]:
    """The contracts of who sells on the actor's host, newest first. To be read in the platform role."""
    require(actor, "subscriptions.view_subscription")
    rows = Subscription.objects.select_related("info__tenant", "info__user", "version__plan", "pricing")
    mine = (
        rows.filter(info__user__isnull=True)
        if actor.tenant_schema == PUBLIC
        else rows.filter(info__user__isnull=False, info__tenant__schema_name=actor.tenant_schema)
    )
    return mine.filter(status=state) if state else mine


def platform_page(scheme: str, host: str, tenant: Tenant) -> str:
    """Where an owner pays for an organisation: the platform's host, on the port that a request came in on."""
    port = host.partition(":")[2]
    place = f"{settings.BASE_DOMAIN}{f':{port}' if port else ''}"
    return f"{scheme}://{place}/subscription/?organisation={tenant.uuid}"
