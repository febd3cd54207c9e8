"""Money on its way: payments, refunds, payouts, disputes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.payments import rules
from shared_apps.core.money import Money

from .base import BillingRow, MinorUnits, Purpose, WithoutSecrets, money_of
from .gateways import PaymentGatewayConfig, SavedMethod


class Followed(BillingRow):
    """Something that a provider does for us, followed until it ends."""

    configuration = models.ForeignKey(PaymentGatewayConfig, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(_("provider"), max_length=20)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    currency = models.CharField(_("currency"), max_length=4)
    minor_units = MinorUnits()
    #: The provider's reference; empty as long as no answer came.
    provider_reference = models.CharField(_("reference at the provider"), max_length=200, blank=True)
    failure_code = models.CharField(max_length=80, blank=True)
    failure_message = models.CharField(max_length=300, blank=True)
    #: Something a person must look at: ``currency``, ``underpaid``, ``overpaid``.
    problem = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    #: Nobody else asks the provider until then.
    leased_until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    audit_left_out: tuple[str, ...] = ("leased_until", "asked_at")

    class Meta:
        abstract = True

    @property
    def money(self) -> Money:
        """What it is about."""
        return money_of(self.minor_units, self.currency)


def _positive(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(name=name, condition=models.Q(minor_units__gt=0))


class Payment(Followed):
    """Money in (S4-12): one business attempt with one key. After a decline another row tries again."""

    class State(models.TextChoices):
        CREATED = "created", pgettext_lazy("payment", "Not begun")
        SENDING = "sending", pgettext_lazy("payment", "Asking the provider")
        PENDING = "pending", pgettext_lazy("payment", "Waiting for the payer")
        PROCESSING = "processing", pgettext_lazy("payment", "On its way")
        SUCCEEDED = "succeeded", pgettext_lazy("payment", "Paid")
        FAILED = "failed", pgettext_lazy("payment", "Failed")
        CANCELLED = "cancelled", pgettext_lazy("payment", "Cancelled")

    sealed_columns = ("action_secret",)
    audit_masked = sealed_columns
    objects = WithoutSecrets()

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.CREATED)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    #: What the app that asked calls it.
    reference = models.CharField(_("reference"), max_length=120)
    #: Who pays; none where a tenant pays by nobody in particular.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("payer"),
    )
    description = models.CharField(_("description"), max_length=200)
    return_url = models.CharField(max_length=500)
    surface = models.CharField(max_length=10, default="page")
    #: The caller's key: the same one gives this payment again.
    key = models.CharField(max_length=160)
    #: The key for the provider: one an attempt.
    attempt_key = models.CharField(max_length=80, unique=True)
    retry_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="retries")
    saved_method = models.ForeignKey(SavedMethod, on_delete=models.SET_NULL, null=True, related_name="+")
    save_method = models.BooleanField(default=False)
    #: A short number for people; what a bank transfer is found by.
    label = models.CharField(_("number"), max_length=25, unique=True)
    received_minor_units = MinorUnits(default=0)
    refunded_minor_units = MinorUnits(default=0)
    is_disputed = models.BooleanField(default=False)
    action_kind = models.CharField(max_length=15, blank=True)
    action_url = models.TextField(blank=True)
    action_address = models.TextField(blank=True)
    action_details = models.JSONField(default=dict)
    #: Sealed.
    action_secret = models.TextField(blank=True)
    action_expires_at = models.DateTimeField(null=True)

    class Meta:
        base_manager_name = "objects"
        ordering = ("-created_at", "-id")
        constraints = [
            _positive("payment_positive"),
            models.UniqueConstraint(fields=["tenant", "key"], name="payment_key_once", nulls_distinct=False),
            models.UniqueConstraint(
                fields=["configuration", "provider_reference"],
                condition=~models.Q(provider_reference=""),
                name="payment_at_provider_once",
            ),
            models.CheckConstraint(
                name="payment_refunds",
                condition=models.Q(refunded_minor_units__gte=0)
                & models.Q(refunded_minor_units__lte=models.F("received_minor_units")),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="payment_newest"),
            models.Index(
                fields=["asked_at"], name="payment_open", condition=models.Q(state__in=rules.OPEN_PAYMENT)
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Refund(Followed):
    """Money back to the payer."""

    class State(models.TextChoices):
        CREATED = "created", pgettext_lazy("refund", "Not begun")
        SENDING = "sending", pgettext_lazy("refund", "Asking the provider")
        PENDING = "pending", pgettext_lazy("refund", "On its way")
        SUCCEEDED = "succeeded", pgettext_lazy("refund", "Refunded")
        FAILED = "failed", pgettext_lazy("refund", "Failed")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.CREATED)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    key = models.CharField(max_length=160)
    attempt_key = models.CharField(max_length=80, unique=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            _positive("refund_positive"),
            models.UniqueConstraint(fields=["payment", "key"], name="refund_key_once"),
            models.UniqueConstraint(
                fields=["configuration", "provider_reference"],
                condition=~models.Q(provider_reference=""),
                name="refund_at_provider_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"], name="refund_open", condition=models.Q(state__in=rules.OPEN_REFUND)
            )
        ]


class Payout(Followed):
    """Money out to somebody's account elsewhere."""

    class State(models.TextChoices):
        CREATED = "created", pgettext_lazy("payout", "Not begun")
        SENDING = "sending", pgettext_lazy("payout", "Asking the provider")
        PENDING = "pending", pgettext_lazy("payout", "On its way")
        SETTLED = "settled", pgettext_lazy("payout", "Arrived")
        FAILED = "failed", pgettext_lazy("payout", "Failed")

    sealed_columns = ("destination",)
    audit_masked = sealed_columns
    objects = WithoutSecrets()

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.CREATED)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    reference = models.CharField(_("reference"), max_length=120)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    key = models.CharField(max_length=160)
    attempt_key = models.CharField(max_length=80, unique=True)
    #: Sealed JSON; ``destination_shown`` is what people may see of it.
    destination = models.TextField()
    destination_shown = models.CharField(_("destination"), max_length=120)
    label = models.CharField(_("number"), max_length=25, unique=True)

    class Meta:
        base_manager_name = "objects"
        ordering = ("-created_at", "-id")
        constraints = [
            _positive("payout_positive"),
            models.UniqueConstraint(fields=["tenant", "key"], name="payout_key_once", nulls_distinct=False),
            models.UniqueConstraint(
                fields=["configuration", "provider_reference"],
                condition=~models.Q(provider_reference=""),
                name="payout_at_provider_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"], name="payout_open", condition=models.Q(state__in=rules.OPEN_PAYOUT)
            )
        ]

    def __str__(self) -> str:
        return self.label


class Dispute(Followed):
    """A payer's complaint at the bank: the money is held back until it is decided."""

    class State(models.TextChoices):
        NEEDS_RESPONSE = "needs_response", pgettext_lazy("dispute", "Needs an answer")
        UNDER_REVIEW = "under_review", pgettext_lazy("dispute", "Being decided")
        WON = "won", pgettext_lazy("dispute", "Won")
        LOST = "lost", pgettext_lazy("dispute", "Lost")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    state = models.CharField(_("state"), max_length=15, choices=State.choices)
    reason = models.CharField(_("reason"), max_length=80, blank=True)
    due_by = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["configuration", "provider_reference"], name="dispute_at_provider_once"
            )
        ]
