"""The catalogue, who subscribes to what, what was asked for it, and what was counted. All in public.

Read and written in the platform role; the tenant is a column and a parameter, never the context.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.fields import UUIDv7Field
from shared_apps.tenants.models import Tenant

from .rules.clock import Interval, Period
from .rules.limits import Meter
from .rules.states import Action, Status


def everything() -> list[str]:
    """What a plan opens unless it says otherwise."""
    return [str(action) for action in Action]


class Plan(models.Model):
    """What somebody can subscribe to. ``owner`` None: the platform sells it to tenants; else that tenant
    sells it to its subscribers (C38). Services write it, each change of its terms with a new version."""

    class Audience(models.TextChoices):
        TENANT = "tenant", _("Organisations")
        SUBSCRIBER = "subscriber", _("Subscribers")

    id = UUIDv7Field()
    owner = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="plans")
    audience = models.CharField(_("audience"), max_length=10, choices=Audience.choices)
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    default = models.BooleanField(_("default"), default=False)
    available = models.BooleanField(_("available"), default=True)
    requires_payment = models.BooleanField(_("requires payment"), default=True)
    requires_invoice = models.BooleanField(_("requires an invoice"), default=False)
    auto_renew = models.BooleanField(_("renews by itself"), default=True)
    daily_time_minutes = models.PositiveIntegerField(_("bot minutes a day"), null=True, blank=True)
    daily_data_mb = models.PositiveIntegerField(_("megabytes over the API a day"), null=True, blank=True)
    #: How many people a tenant on this plan may have; None: as many as it likes.
    seats = models.PositiveIntegerField(_("people"), null=True, blank=True)
    entitlements: models.JSONField[Any, Any] = models.JSONField(_("what it opens"), default=everything)
    #: Soft limits, and hard ones of meters without a column: ``{"listings": {"soft": 80, "hard": 100}}``.
    limits: models.JSONField[Any, Any] = models.JSONField(_("limits"), default=dict, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    stripe_product_id = models.CharField(max_length=255, blank=True)
    metadata: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("created_at", "id")
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="plan_name_once", nulls_distinct=False),
            models.UniqueConstraint(
                fields=["owner"], name="plan_one_default", condition=Q(default=True), nulls_distinct=False
            ),
            models.CheckConstraint(
                name="plan_audience_is_owners",
                condition=Q(owner__isnull=True, audience="tenant")
                | Q(owner__isnull=False, audience="subscriber"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlanVersion(models.Model):
    """A plan's terms at one time. Never changed: contracts point here."""

    id = UUIDv7Field()
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    terms: models.JSONField[Any, Any] = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("plan", "number")
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="planversion_once")]

    def __str__(self) -> str:
        return f"{self.plan_id} version {self.number}"


class PlanPricing(models.Model):
    """A price of a plan. Amount, currency and period never change: a new price takes its place."""

    class BillingInterval(models.TextChoices):
        DAY = "day", _("Day")
        WEEK = "week", _("Week")
        MONTH = "month", _("Month")
        YEAR = "year", _("Year")

    id = UUIDv7Field()
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="pricing")
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    interval = models.CharField(
        _("interval"), max_length=5, choices=BillingInterval.choices, default=BillingInterval.MONTH
    )
    interval_count = models.PositiveSmallIntegerField(_("number of intervals"), default=1)
    trial_period_days = models.IntegerField(_("days of trial"), default=0)
    #: The amount is for each seat, and the contract's seats are its limit of people.
    per_seat = models.BooleanField(_("for each seat"), default=False)
    active = models.BooleanField(_("active"), default=True)
    stripe_price_id = models.CharField(max_length=255, blank=True)
    replaces = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("currency", "amount", "id")
        constraints = [
            models.CheckConstraint(name="planpricing_amount", condition=Q(amount__gte=0)),
            models.CheckConstraint(name="planpricing_count", condition=Q(interval_count__gte=1)),
            models.CheckConstraint(name="planpricing_trial", condition=Q(trial_period_days__gte=0)),
            models.UniqueConstraint(
                fields=["plan", "currency", "interval", "interval_count"],
                condition=Q(active=True),
                name="planpricing_one_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    @property
    def period(self) -> Period:
        """What one payment of it is for."""
        return Period(Interval(self.interval), self.interval_count)


class Coupon(models.Model):
    """A discount: a share, or an amount in one currency, for the first, for some or for all periods."""

    id = UUIDv7Field()
    owner = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(_("name"), max_length=100)
    percent_off = models.DecimalField(
        _("per cent off"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    amount_off = models.DecimalField(_("amount off"), max_digits=10, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    #: For how many periods; None: for all.
    periods = models.PositiveSmallIntegerField(_("periods"), null=True, blank=True, default=1)
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.CheckConstraint(
                name="coupon_one_way",
                condition=Q(percent_off__gt=0, percent_off__lte=100, amount_off__isnull=True, currency="")
                | (Q(percent_off__isnull=True, amount_off__gt=0) & ~Q(currency="")),
            )
        ]

    def __str__(self) -> str:
        return self.name


class PromotionCode(models.Model):
    """What people type in to have a coupon. ``code`` is kept in capitals."""

    id = UUIDv7Field()
    owner = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    coupon = models.ForeignKey(Coupon, on_delete=models.CASCADE, related_name="codes")
    code = models.CharField(_("code"), max_length=40)
    active = models.BooleanField(_("active"), default=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    most_uses = models.PositiveIntegerField(_("most uses"), null=True, blank=True)
    uses = models.PositiveIntegerField(_("uses"), default=0)
    first_time_only = models.BooleanField(_("for a first subscription only"), default=False)

    class Meta:
        ordering = ("code", "id")
        constraints = [
            models.UniqueConstraint(fields=["owner", "code"], name="promotioncode_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return self.code


class SubscriptionInfo(models.Model):
    """The clock of one subscriber: a tenant, or a person in one. A row each, from sign-up on (S0-21)."""

    id = UUIDv7Field()
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="subscription_infos")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    #: None: not activated (S0-21).
    next_billing_time = models.DateTimeField(_("next billing time"), null=True, blank=True)
    first_source_at = models.DateTimeField(_("first data source connected at"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user"], name="subscriptioninfo_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"tenant {self.tenant_id} user {self.user_id}"


class Subscription(models.Model):
    """A contract: which version of which plan at which price. Its clock is the subscriber's."""

    audit_left_out = ("next_check_at",)

    class State(models.TextChoices):
        INACTIVE = Status.INACTIVE.value, _("Inactive")
        TRIAL = Status.TRIAL.value, _("Trial")
        PAYING = Status.PAYING.value, _("Paying")
        PAST_DUE = Status.PAST_DUE.value, _("Payment due")
        READ_ONLY = Status.READ_ONLY.value, _("Read only")
        SUSPENDED = Status.SUSPENDED.value, _("Suspended")
        CANCELED = Status.CANCELED.value, _("Canceled")

    id = UUIDv7Field()
    info = models.ForeignKey(SubscriptionInfo, on_delete=models.CASCADE, related_name="contracts")
    version = models.ForeignKey(PlanVersion, on_delete=models.RESTRICT, related_name="+")
    pricing = models.ForeignKey(PlanPricing, on_delete=models.RESTRICT, null=True, related_name="+")
    seats = models.PositiveIntegerField(default=1)
    status = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.INACTIVE)
    #: How money is collected: a name of :mod:`.collection`.
    method = models.CharField(max_length=20, default="payment")
    #: Whose saved method pays, and what the method needs to collect alone (which of the seller's accounts).
    payer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    method_reference = models.CharField(max_length=255, blank=True)
    #: When its clock began; None: not yet.
    started_at = models.DateTimeField(null=True)
    #: Paid before the first data source was connected: the period begins with that.
    is_prepaid = models.BooleanField(default=False)
    paid_at = models.DateTimeField(null=True)
    period_start = models.DateTimeField(null=True)
    #: What was paid for the running period, and what is left from earlier ones, in smallest units.
    period_paid = models.BigIntegerField(default=0)
    credit = models.BigIntegerField(default=0)
    code = models.ForeignKey(PromotionCode, on_delete=models.RESTRICT, null=True, related_name="+")
    #: For how many more periods the code's coupon holds; None: for all.
    discounts_left = models.PositiveSmallIntegerField(null=True)
    next_version = models.ForeignKey(PlanVersion, on_delete=models.RESTRICT, null=True, related_name="+")
    next_pricing = models.ForeignKey(PlanPricing, on_delete=models.RESTRICT, null=True, related_name="+")
    next_seats = models.PositiveIntegerField(null=True)
    cancel_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=255, blank=True)
    paused_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    #: How many reminders of the payment that is due went out.
    reminders = models.PositiveSmallIntegerField(default=0)
    anchor_day = models.PositiveSmallIntegerField(null=True)
    #: When the clock alone next changes something; what the periodic task looks for.
    next_check_at = models.DateTimeField(null=True)
    stripe_subscription_id = models.CharField(max_length=255, blank=True)
    #: The organisation's doors were closed by this subscription, so paying opens them.
    closed_doors = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["info"], condition=~Q(status="canceled"), name="subscription_one_open"
            ),
            models.CheckConstraint(name="subscription_credit", condition=Q(credit__gte=0)),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="subscription_due",
                condition=Q(next_check_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.info_id} ({self.status})"


class SubscriptionCharge(models.Model):
    """An amount asked for: a first payment, a renewal, or a change of plan. Money answers to its id."""

    class Kind(models.TextChoices):
        FIRST = "first", _("First payment")
        RENEWAL = "renewal", _("Renewal")
        CHANGE = "change", _("Change of plan")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        PAID = "paid", _("Paid")
        VOID = "void", _("Void")

    id = UUIDv7Field()
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="charges")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    minor_units = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    #: What the amount consists of: ``[["plan", 2900], ["discount", -290]]``.
    lines: models.JSONField[Any, Any] = models.JSONField(default=list)
    #: What the contract is after it was paid.
    version = models.ForeignKey(PlanVersion, on_delete=models.RESTRICT, related_name="+")
    pricing = models.ForeignKey(PlanPricing, on_delete=models.RESTRICT, null=True, related_name="+")
    seats = models.PositiveIntegerField(default=1)
    credit_left = models.BigIntegerField(default=0)
    #: Which due time a renewal is for.
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: The last payment, its failure in the provider's words, and whether nobody real was paid.
    payment_id = models.UUIDField(null=True)
    failure = models.CharField(max_length=100, blank=True)
    is_simulated = models.BooleanField(default=False)
    invoice_id = models.UUIDField(null=True)
    paid_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "due_at"],
                condition=Q(kind="renewal") & ~Q(state="void"),
                name="charge_one_renewal",
            ),
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(state="open"), name="charge_one_open"
            ),
            models.CheckConstraint(name="charge_amount", condition=Q(minor_units__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.minor_units} {self.currency} ({self.state})"


class MeterCount(models.Model):
    """How much of a meter a tenant has used on a day; of meters that only say how many, one row."""

    audit_exempt = "plumbing: counters of use, written many times a minute"

    id = UUIDv7Field()
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    meter = models.CharField(max_length=12, choices=[(meter.value, meter.value) for meter in Meter])
    day = models.DateField()
    used = models.BigIntegerField(default=0)
    #: Up to which minute of the day was counted: the same minute counts once, whoever tells it again.
    minute = models.SmallIntegerField(default=-1)
    #: The share of the limit of which people were told, in per cent.
    told = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "meter", "day"], name="metercount_once")]

    def __str__(self) -> str:
        return f"{self.meter} of tenant {self.tenant_id} on {self.day}: {self.used}"
