"""Accounts at providers, and who payers are there."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .base import BillingRow, WithoutSecrets


class PaymentGatewayConfig(BillingRow):
    """One account at a payment provider (S4-11): the tenant's own, or without tenant the platform's."""

    sealed_columns = ("secrets",)
    audit_masked = sealed_columns
    objects = WithoutSecrets()

    provider = models.CharField(_("provider"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    is_enabled = models.BooleanField(_("enabled"), default=False)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    #: Sealed JSON: the provider type's secret fields.
    secrets = models.TextField(blank=True)
    settings = models.JSONField(default=dict, blank=True)
    currencies = ArrayField(models.CharField(max_length=4), default=list, verbose_name=_("currencies"))
    #: Whose account it is at the provider, as its check told.
    account = models.CharField(max_length=120, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        base_manager_name = "objects"
        ordering = ("provider", "name")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "provider", "name"], name="gatewayconfig_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.name


class GatewayCustomer(BillingRow):
    """Who somebody is at a provider: a person, or without user the tenant itself."""

    configuration = models.ForeignKey(PaymentGatewayConfig, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    reference = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["configuration", "tenant", "user"], name="gatewaycustomer_once", nulls_distinct=False
            )
        ]


class SavedMethod(BillingRow):
    """A card or other method that may be charged again; only the provider knows its number."""

    customer = models.ForeignKey(GatewayCustomer, on_delete=models.CASCADE, related_name="methods")
    configuration = models.ForeignKey(PaymentGatewayConfig, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    reference = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, default="card")
    brand = models.CharField(max_length=30, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    expires_month = models.PositiveSmallIntegerField(null=True)
    expires_year = models.PositiveSmallIntegerField(null=True)
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-is_default", "-created_at")
        constraints = [
            models.UniqueConstraint(fields=["configuration", "reference"], name="savedmethod_once"),
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(is_default=True), name="savedmethod_one_default"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} {self.last4}".strip() or self.kind
