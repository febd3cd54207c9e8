"""The catalogue: plans, their prices, promotion codes. What is changed never touches a contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.subscriptions import queries
from billing.subscriptions.events import CouponCreated, CouponEnded, PlanChanged, PriceChanged
from billing.subscriptions.models import Coupon, Plan, PlanPricing, PlanVersion, PromotionCode
from billing.subscriptions.rules.clock import Interval, Period, is_too_long
from billing.subscriptions.rules.limits import limits_fault
from billing.subscriptions.rules.states import Action
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.context import PUBLIC, platform_context, tenant_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from shared_apps.core.events import Event, emit
from shared_apps.core.locking import lock_one
from shared_apps.core.money import MINOR_DIGITS, Money
from shared_apps.tenants.models import Tenant

#: What a contract is about: changing one of these makes a new version, which old contracts do not get.
TERMS: Final = (
    "name", "description", "requires_payment", "requires_invoice", "auto_renew", "daily_time_minutes",
    "daily_data_mb", "seats", "entitlements", "limits",
)  # fmt: skip
#: What may be changed beside them: the plan's place in the catalogue.
PLACE: Final = ("default", "available", "metadata", "stripe_product_id")
LARGEST: Final = 2_000_000_000


def create_plan(*, actor: Actor, values: Mapping[str, Any]) -> Plan:
    """Add a plan to what is sold on the actor's host. ``values`` are fields of TERMS and PLACE.

    Raises DomainError naming the field, ConflictError ``plan.name_taken``.
    """
    require(actor, "subscriptions.change_plan")
    checked = _checked(values)
    with platform_context(), _named(), transaction.atomic(durable=True):
        return add_plan(queries.seller_of(actor.tenant_schema), checked)


def add_plan(owner: Tenant | None, values: Mapping[str, Any]) -> Plan:
    """Step: add a plan of an owner; in the platform role."""
    audience = Plan.Audience.TENANT if owner is None else Plan.Audience.SUBSCRIBER
    plan = Plan(owner=owner, audience=audience, **values)
    if plan.default:
        _take_default(plan)
    plan.save(force_insert=True)
    PlanVersion.objects.create(plan=plan, number=1, terms=terms_of(plan))
    _tell(owner, PlanChanged(plan_id=plan.pk, version=1, changes=dict(values)))
    return plan


def change_plan(*, actor: Actor, plan_id: Any, changes: Mapping[str, Any]) -> Plan:
    """Change a plan of the actor's host; terms get a new version, for new contracts only.

    Raises NotFoundError, DomainError naming the field, ConflictError ``plan.name_taken``.
    """
    require(actor, "subscriptions.change_plan")
    checked = _checked(changes)
    with platform_context(), _named(), transaction.atomic(durable=True):
        plan = _plan_to_change(actor, plan_id)
        changed = {name: value for name, value in checked.items() if getattr(plan, name) != value}
        if not changed:
            return plan
        for name, value in changed.items():
            setattr(plan, name, value)
        if changed.get("default"):
            _take_default(plan)
        version = None
        if set(changed) & set(TERMS):
            plan.version += 1
            version = plan.version
            PlanVersion.objects.create(plan=plan, number=plan.version, terms=terms_of(plan))
        plan.save()
        _tell(plan.owner, PlanChanged(plan_id=plan.pk, version=version, changes=changed))
        return plan


def add_price(
    *,
    actor: Actor,
    plan_id: Any,
    amount: Decimal,
    currency: str,
    interval: str,
    interval_count: int = 1,
    trial_period_days: int = 0,
    per_seat: bool = False,
) -> PlanPricing:
    """Add a price; one for the same currency and period leaves the catalogue, its contracts keep it.

    Raises NotFoundError, DomainError naming the field.
    """
    require(actor, "subscriptions.change_plan")
    with platform_context(), transaction.atomic(durable=True):
        plan = _plan_to_change(actor, plan_id)
        return put_price(
            plan, amount=amount, currency=currency, interval=interval, interval_count=interval_count,
            trial_period_days=trial_period_days, per_seat=per_seat,
        )  # fmt: skip


def put_price(
    plan: Plan,
    *,
    amount: Decimal,
    currency: str,
    interval: str,
    interval_count: int = 1,
    trial_period_days: int = 0,
    per_seat: bool = False,
) -> PlanPricing:
    """Step: the price of a locked plan for a currency and period; in the platform role."""
    _check_price(amount, currency, interval, interval_count, trial_period_days)
    place = {"currency": currency, "interval": interval, "interval_count": interval_count, "active": True}
    before = lock_one(PlanPricing.objects.filter(plan=plan, **place))
    values = {"amount": amount, "trial_period_days": trial_period_days, "per_seat": per_seat}
    if before is not None:
        if all(getattr(before, name) == value for name, value in values.items()):
            return before
        _end_price(plan, before)
    pricing = PlanPricing.objects.create(plan=plan, replaces=before, **place, **values)
    _tell(plan.owner, _price_event(pricing))
    return pricing


def end_price(*, actor: Actor, price_id: Any) -> PlanPricing:
    """Take a price out of the catalogue; contracts keep it. Raises NotFoundError."""
    require(actor, "subscriptions.change_plan")
    with platform_context(), transaction.atomic(durable=True):
        found = PlanPricing.objects.filter(pk=price_id).values_list("plan_id", flat=True).first()
        if found is None:
            raise NotFoundError("price.unknown", _("There is no such price."))
        plan = _plan_to_change(actor, found)
        pricing = PlanPricing.objects.get(pk=price_id)
        if pricing.active:
            _end_price(plan, pricing)
        return pricing


def _end_price(plan: Plan, pricing: PlanPricing) -> None:
    pricing.active = False
    pricing.save(update_fields=["active"])
    _tell(plan.owner, _price_event(pricing))


def create_coupon(
    *,
    actor: Actor,
    code: str,
    percent_off: Decimal | None = None,
    amount_off: Decimal | None = None,
    currency: str = "",
    periods: int | None = 1,
    plan_id: Any = None,
    most_uses: int | None = None,
    expires_at: datetime | None = None,
    first_time_only: bool = False,
) -> PromotionCode:
    """Make a coupon and the promotion code by which people have it.

    Raises DomainError naming the field, ConflictError ``code.taken``.
    """
    require(actor, "subscriptions.change_plan")
    text = code.strip().upper()
    if not text.isascii() or not text.replace("-", "").isalnum() or not 3 <= len(text) <= 40:
        raise DomainError("code.form", _("A code has 3 to 40 letters, digits and hyphens."), field="code")
    _check_coupon(percent_off, amount_off, currency, periods)
    if expires_at is not None and expires_at <= timezone.now():
        raise DomainError("code.expired", _("This time is over."), field="expires_at")
    try:
        with platform_context(), transaction.atomic(durable=True):
            plan = None if plan_id is None else _plan_to_change(actor, plan_id)
            owner = queries.seller_of(actor.tenant_schema)
            coupon = Coupon.objects.create(
                owner=owner, name=text, percent_off=percent_off, amount_off=amount_off, currency=currency,
                periods=periods, plan=plan,
            )  # fmt: skip
            made = PromotionCode.objects.create(
                owner=owner, coupon=coupon, code=text, most_uses=most_uses, expires_at=expires_at,
                first_time_only=first_time_only,
            )  # fmt: skip
            _tell(owner, CouponCreated(coupon_id=coupon.pk, promotion=text))
            return made
    except IntegrityError:
        raise ConflictError("code.taken", _("There is such a code already."), field="code") from None


def end_code(*, actor: Actor, code_id: Any) -> PromotionCode:
    """Take a promotion code no more; contracts that have it keep their coupon. Raises NotFoundError."""
    require(actor, "subscriptions.change_plan")
    with platform_context(), transaction.atomic(durable=True):
        owner = queries.seller_of(actor.tenant_schema)
        mine = (
            PromotionCode.objects.filter(owner=owner)
            if owner
            else PromotionCode.objects.filter(owner__isnull=True)
        )
        found = lock_one(mine.filter(pk=code_id))
        if found is None:
            raise NotFoundError("code.unknown", _("There is no such code."))
        if found.active:
            found.active = False
            found.save(update_fields=["active"])
            _tell(owner, CouponEnded(coupon_id=found.coupon_id, promotion=found.code))
        return found


def terms_of(plan: Plan) -> dict[str, Any]:
    """What a version keeps of a plan."""
    return {name: getattr(plan, name) for name in TERMS}


def _plan_to_change(actor: Actor, plan_id: Any) -> Plan:
    mine = (
        Plan.objects.filter(owner__isnull=True)
        if actor.tenant_schema == PUBLIC
        else Plan.objects.filter(owner__schema_name=actor.tenant_schema)
    )
    plan = lock_one(mine.select_related("owner").filter(pk=plan_id))
    if plan is None:
        raise NotFoundError("plan.unknown", _("There is no such plan."))
    return plan


def _take_default(plan: Plan) -> None:
    """There is one default at most; another plan's goes."""
    others = Plan.objects.filter(owner_id=plan.owner_id, default=True)
    others = others if plan.owner_id else Plan.objects.filter(owner__isnull=True, default=True)
    for other in others.exclude(pk=plan.pk):
        other.default = False
        other.save(update_fields=["default", "updated_at"])


def _tell(owner: Tenant | None, event: Event) -> None:
    if owner is None:
        emit(event)
        return
    with tenant_context(owner):
        emit(event)


def _price_event(pricing: PlanPricing) -> PriceChanged:
    return PriceChanged(
        plan_id=pricing.plan_id,
        planpricing_id=pricing.pk,
        active=pricing.active,
        amount=str(pricing.amount),
        currency=pricing.currency,
    )


class _named:
    """Turns a name that is taken into a ConflictError; the name is the only thing that can be."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, IntegrityError):
            raise ConflictError(
                "plan.name_taken", _("There is a plan of this name already."), field="name"
            ) from error


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(values) - {*TERMS, *PLACE})
    if unknown:
        raise DomainError("plan.field", _("A plan has no such field."), field=unknown[0])
    checked = dict(values)
    if "name" in checked:
        checked["name"] = str(checked["name"]).strip()
        if not 1 <= len(checked["name"]) <= 100 or not checked["name"].isprintable():
            raise DomainError("plan.name_length", _("A name has 1 to 100 characters."), field="name")
    for field in ("daily_time_minutes", "daily_data_mb", "seats"):
        number = checked.get(field)
        if number is not None and not 0 <= number <= LARGEST:
            raise DomainError("plan.number", _("Give a whole number from 0."), field=field)
    if "entitlements" in checked:
        known = {str(action) for action in Action}
        if not isinstance(checked["entitlements"], list) or set(checked["entitlements"]) - known:
            text = _("A plan opens some of: %(known)s.") % {"known": ", ".join(sorted(known))}
            raise DomainError("plan.entitlements", text, field="entitlements")
        checked["entitlements"] = sorted(set(checked["entitlements"]))
    if "limits" in checked and (fault := limits_fault(checked["limits"])):
        raise DomainError("plan.limits", _limit_text(fault), field="limits")
    if not isinstance(checked.get("metadata", {}), dict):
        raise DomainError("plan.metadata", _("Give an object."), field="metadata")
    return checked


def _limit_text(fault: str) -> str:
    return {
        "form": _("Give for each meter a soft and a hard limit."),
        "meter": _("There is no such meter."),
        "number": _("A limit is a whole number from 0."),
        "column": _("This meter's hard limit is a field of the plan."),
        "order": _("A soft limit is at most the hard one."),
    }[fault]


def _check_price(
    amount: Decimal, currency: str, interval: str, interval_count: int, trial_period_days: int
) -> None:
    if currency not in MINOR_DIGITS or len(currency) != 3:
        raise DomainError("price.currency", _("This currency is not known."), field="currency")
    try:
        fits = Money(amount, currency).minor_units() >= 0 and amount < 10**8
    except ValueError:
        fits = False
    if not fits or amount != amount.quantize(Decimal("0.01")):
        raise DomainError(
            "price.amount", _("Give an amount in the currency's smallest units, at most 99999999.99."),
            field="amount",
        )  # fmt: skip
    if interval not in set(Interval):
        raise DomainError("price.interval", _("The interval is day, week, month or year."), field="interval")
    if interval_count < 1 or is_too_long(Period(Interval(interval), interval_count)):
        raise DomainError("price.period", _("A period has at most three years."), field="interval_count")
    if not 0 <= trial_period_days <= 730:
        raise DomainError("price.trial", _("A trial has 0 to 730 days."), field="trial_period_days")


def _check_coupon(
    percent_off: Decimal | None, amount_off: Decimal | None, currency: str, periods: int | None
) -> None:
    if (percent_off is None) == (amount_off is None):
        raise DomainError("coupon.one_way", _("Give either a percentage or an amount."), field="percent_off")
    if percent_off is not None and not 0 < percent_off <= 100:
        raise DomainError(
            "coupon.percent", _("A percentage is above 0 and at most 100."), field="percent_off"
        )
    if amount_off is not None:
        _check_price(amount_off, currency, Interval.MONTH, 1, 0)
        if amount_off == 0:
            raise DomainError("coupon.amount", _("The amount must be above 0."), field="amount_off")
    elif currency:
        raise DomainError("coupon.currency", _("A percentage has no currency."), field="currency")
    if periods is not None and not 1 <= periods <= 1000:
        raise DomainError("coupon.periods", _("Give 1 to 1000 periods, or none for all."), field="periods")
