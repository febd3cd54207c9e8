"""Runs of the reconciliation and the differences that they found. Public: the platform's own rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shared_apps.core.fields import MinorUnitsField, UUIDv7Field
from shared_apps.tenants.models import Tenant

from .rules import Cause

CAUSES = {
    Cause.LEDGER_INTERNAL: _("The ledger contradicts its own entries"),
    Cause.LEDGER_UNBALANCED: _("The ledger does not sum to zero"),
    Cause.MISSING_POSTING: _("Not booked in the ledger"),
    Cause.POSTING_DIFFERS: _("Booked otherwise"),
    Cause.UNKNOWN_POSTING: _("Booked without a payment"),
    Cause.MISSING_AT_PROVIDER: _("Unknown at the provider"),
    Cause.STATE_DIFFERS: _("Ended otherwise at the provider"),
    Cause.AMOUNT_DIFFERS: _("Another amount at the provider"),
    Cause.UNKNOWN_AT_PROVIDER: _("Known to the provider alone"),
    Cause.SETTLEMENT_DIFFERS: _("Organisation and platform settled otherwise"),
}


class ReconciliationRun(models.Model):
    """One comparison of ledgers, payments and providers, of the platform and all organisations."""

    class State(models.TextChoices):
        RUNNING = "running", pgettext_lazy("reconciliation", "Running")
        CLEAN = "clean", pgettext_lazy("reconciliation", "Everything agrees")
        BROKEN = "broken", pgettext_lazy("reconciliation", "Differences found")
        INCOMPLETE = "incomplete", pgettext_lazy("reconciliation", "Not every provider answered")
        FAILED = "failed", pgettext_lazy("reconciliation", "Broken off")

    class Trigger(models.TextChoices):
        NIGHTLY = "nightly", _("Every night")
        DEMAND = "demand", _("On demand")

    id = UUIDv7Field()
    state = models.CharField(_("result"), max_length=10, choices=State.choices, default=State.RUNNING)
    trigger = models.CharField(_("started"), max_length=8, choices=Trigger.choices)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    #: The UTC day that a nightly run is for; there is one a day.
    day = models.DateField(_("day"))
    started_at = models.DateTimeField(_("begun"), default=timezone.now)
    finished_at = models.DateTimeField(_("ended"), null=True)
    ledgers = models.PositiveIntegerField(_("ledgers"), default=0)
    movements = models.PositiveIntegerField(_("movements compared"), default=0)
    asked = models.PositiveIntegerField(_("asked at providers"), default=0)
    unanswered = models.PositiveIntegerField(_("unanswered"), default=0)
    break_count = models.PositiveIntegerField(_("differences"), default=0)
    #: By asset: what all tenants settled, what the platform holds against it, and their sum.
    totals = models.JSONField(_("totals"), default=dict)

    class Meta:
        ordering = ("-started_at", "-id")
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        constraints = [
            models.UniqueConstraint(
                fields=["day"], condition=models.Q(trigger="nightly"), name="reconciliation_nightly_once"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="running"), name="reconciliation_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


class LedgerCheck(models.Model):
    """That one ledger was compared in a run (without a tenant: the platform's own), and what that came to."""

    audit_exempt = "a finding: derived from audited rows, written once by the run"

    id = UUIDv7Field()
    run = models.ForeignKey(ReconciliationRun, on_delete=models.CASCADE, related_name="checks")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, related_name="+")
    movements = models.PositiveIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    unanswered = models.PositiveIntegerField(default=0)
    #: By asset: what the tenant settled, and what the platform holds against it.
    settled = models.JSONField(default=dict)
    finished_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "tenant"], name="reconciliation_ledger_once", nulls_distinct=False
            )
        ]


class Break(models.Model):
    """One difference, with its cause. Without a tenant it is in the platform's own books."""

    audit_exempt = "a finding: derived from audited rows, written once by the run"

    id = UUIDv7Field()
    run = models.ForeignKey(ReconciliationRun, on_delete=models.CASCADE, related_name="breaks")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("organisation")
    )
    cause = models.CharField(
        _("cause"), max_length=20, choices=[(str(cause), label) for cause, label in CAUSES.items()]
    )
    key = models.CharField(_("key"), max_length=300)
    asset = models.CharField(_("currency"), max_length=10, blank=True)
    expected = MinorUnitsField(null=True, verbose_name=_("expected"))
    found = MinorUnitsField(null=True, verbose_name=_("found"))
    object_kind = models.CharField(_("kind"), max_length=20, blank=True)
    object_id = models.CharField(_("object"), max_length=200, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        ordering = ("id",)
        verbose_name = _("difference")
        verbose_name_plural = _("differences")

    def __str__(self) -> str:
        return f"{self.cause} {self.key}"
