"""What was said and seen: the journal, the inbox, the routes, what staff confirmed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .base import BillingRow, MinorUnits
from .gateways import PaymentGatewayConfig
from .moves import Payment


class PaymentLog(BillingRow):
    """What happened to each payment, refund, payout and dispute (S4-13); append-only."""

    audit_exempt = "a journal itself: rows are added and never changed"

    class Source(models.TextChoices):
        COMMAND = "command", _("Somebody's command")
        ANSWER = "answer", _("Provider's answer")
        WEBHOOK = "webhook", _("Notification")
        POLL = "poll", _("Our question")
        STAFF = "staff", _("Staff")
        REPLAY = "replay", _("Replay")

    configuration = models.ForeignKey(
        PaymentGatewayConfig, on_delete=models.PROTECT, null=True, related_name="+"
    )
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="log")
    object_kind = models.CharField(max_length=10)
    object_id = models.UUIDField()
    source = models.CharField(max_length=10, choices=Source.choices)
    what = models.CharField(max_length=60)
    from_state = models.CharField(max_length=15, blank=True)
    to_state = models.CharField(max_length=15, blank=True)
    #: SHA-256 of the notification behind it, how its signature held, and which try it was.
    payload_hash = models.CharField(max_length=64, blank=True)
    signature = models.CharField(max_length=12, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("created_at", "id")
        indexes = [
            models.Index(fields=["object_id", "created_at"], name="paymentlog_object"),
            models.Index(fields=["tenant", "-created_at"], name="paymentlog_newest"),
        ]


class WebhookDelivery(BillingRow):
    """The inbox: each notification once. Its content is not kept, only which object it named."""

    audit_exempt = "plumbing: what follows from it is audited and stands in the payments log"

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("notification", "Waiting")
        DONE = "done", pgettext_lazy("notification", "Done")
        DEAD = "dead", pgettext_lazy("notification", "Given up")
        REFUSED = "refused", pgettext_lazy("notification", "Refused")

    configuration = models.ForeignKey(PaymentGatewayConfig, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=200)
    event_type = models.CharField(max_length=80, blank=True)
    object_kind = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=200, blank=True)
    payload_hash = models.CharField(max_length=64)
    payload_size = models.PositiveIntegerField(default=0)
    signature = models.CharField(max_length=12)
    remote_addr = models.GenericIPAddressField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: How often the same event came again.
    repeats = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    replayed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-received_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["configuration", "event_id"], name="webhookdelivery_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="webhookdelivery_due", condition=models.Q(state="waiting")),
            models.Index(fields=["state", "-received_at"], name="webhookdelivery_state"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_type}"


class ExternalObject(BillingRow):
    """The routing table: which of our rows, and whose, an object at a provider is."""

    audit_exempt = "plumbing: an index of references that stand in audited rows"

    configuration = models.ForeignKey(PaymentGatewayConfig, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200)
    target_id = models.UUIDField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["configuration", "kind", "external_id"], name="externalobject_once"
            )
        ]


class StaffConfirmation(BillingRow):
    """What somebody of the staff saw happen: the word that manual providers are built on. Append-only."""

    configuration = models.ForeignKey(PaymentGatewayConfig, on_delete=models.PROTECT, related_name="+")
    object_kind = models.CharField(max_length=10)
    object_id = models.UUIDField()
    happened = models.BooleanField()
    currency = models.CharField(max_length=4)
    minor_units = MinorUnits()
    #: The line in the bank's statement.
    bank_reference = models.CharField(max_length=140, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("confirmed by")
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("created_at", "id")
        constraints = [
            models.UniqueConstraint(fields=["object_id", "confirmed_by"], name="staffconfirmation_once")
        ]
