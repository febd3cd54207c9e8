"""What doors show of plans and subscriptions: plain values, read in the platform role."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.payments.models import money_of
from shared_apps.access.actors import Actor
from shared_apps.core.context import platform_context
from shared_apps.core.money import Money

from . import collection, meters, queries
from .gate import Access, access_of
from .models import PlanPricing, Subscription, SubscriptionCharge
from .queries import Subscriber
from .rules.limits import DAILY, Meter, remaining


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a meter is used; None: no limit."""

    meter: str
    used: int
    soft: int | None
    hard: int | None
    remaining: int | None
    is_daily: bool

    @property
    def percent(self) -> int:
        """Of the limit, at most 100."""
        limit = self.hard or self.soft
        return min(100, self.used * 100 // limit) if limit else 0


@dataclass(frozen=True, slots=True)
class Own:
    """One subscriber's subscription as a door shows it."""

    who: Subscriber
    access: Access
    contract: Subscription | None
    next_billing_time: datetime | None
    first_source_at: datetime | None
    charge: SubscriptionCharge | None
    charges: list[SubscriptionCharge] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    methods: list[tuple[str, str]] = field(default_factory=list)

    @property
    def access_state(self) -> str:
        return str(self.access.access_state)

    @property
    def state(self) -> str:
        return str(
            self.contract.status if self.contract and self.contract.started_at is None else self.access.state
        )


def own_subscription(actor: Actor, organisation: Any = None) -> Own:
    """The actor's own, or that of an organisation which they own. Raises NotFoundError."""
    who = queries.subscriber_of(actor, organisation)
    return subscription_of(who)


def subscription_of(who: Subscriber) -> Own:
    """How a subscriber stands now."""
    now = timezone.now()
    access = access_of(who.tenant, who.user_id, now)
    with platform_context():
        info = queries.find_info(who.tenant, who.user_id)
        contract = None if info is None else queries.open_contract(info)
        charges: list[SubscriptionCharge] = []
        if info is not None:
            rows = SubscriptionCharge.objects.select_related("version").filter(subscription__info=info)
            charges = list(rows.exclude(state=SubscriptionCharge.State.VOID)[:20])
        charge = next((each for each in charges if each.state == SubscriptionCharge.State.OPEN), None)
        methods = [] if contract is None else collection.methods_for(contract)
    return Own(
        who=who,
        access=access,
        contract=contract,
        next_billing_time=None if info is None else info.next_billing_time,
        first_source_at=None if info is None else info.first_source_at,
        charge=charge,
        charges=charges,
        uses=[] if who.user_id is not None else uses_of(who),
        methods=[(method.name, str(method.label)) for method in methods],
    )


def uses_of(who: Subscriber) -> list[Use]:
    """What a tenant has used of what its plan limits."""
    limits = meters.limits_for(who.tenant)
    found = []
    for meter in Meter:
        limit = limits.get(meter)
        if limit is None:
            continue
        used = people_in(who) if meter is Meter.MEMBERS else meters.used(who.tenant, meter)
        found.append(Use(meter, used, limit.soft, limit.hard, remaining(used, limit), meter in DAILY))
    return found


def people_in(who: Subscriber) -> int:
    """How many people belong to a tenant, by the directory."""
    from shared_apps.tenants.models import Membership

    with platform_context():
        return Membership.objects.filter(tenant=who.tenant, is_active=True).count()


def price_money(pricing: PlanPricing) -> Money:
    """A price as money, without needless zeros of currencies that have none."""
    return Money(Decimal(pricing.amount), pricing.currency).rounded()


def charge_money(charge: SubscriptionCharge) -> Money:
    """What is asked for."""
    return money_of(charge.minor_units, charge.currency)
