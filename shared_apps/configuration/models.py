"""Changed options, and the history of their changes. In public: the platform and every tenant read them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.fields import UUIDv7Field
from shared_apps.tenants.models import Tenant

from . import rules


class Level(models.TextChoices):
    """Where an option was changed; the narrowest that was counts."""

    PLATFORM = "platform", _("Platform")
    PLAN = "plan", _("Plan")
    TENANT = "tenant", _("Organisation")


def _place_constraint(name: str) -> models.CheckConstraint:
    """A row of a plan names the plan, one of a tenant the tenant, one of the platform neither."""
    place = models.Q
    return models.CheckConstraint(
        name=name,
        condition=place(level=Level.PLATFORM, plan="", tenant__isnull=True)
        | (place(level=Level.PLAN, tenant__isnull=True) & ~place(plan=""))
        | place(level=Level.TENANT, plan="", tenant__isnull=False),
    )


class OptionPlace(models.Model):
    """Which option, and where it was changed."""

    option = models.CharField(_("option"), max_length=101)
    level = models.CharField(_("level"), max_length=8, choices=Level.choices)
    plan = models.CharField(_("plan"), max_length=60, blank=True)
    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation"),
    )
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("changed by"),
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.option} ({self.get_level_display()})"


class OptionValue(OptionPlace):
    """An option's value at one place; without a row the next wider place counts, at last the default."""

    value: models.JSONField[Any, Any] = models.JSONField(_("value"))

    class Meta:
        verbose_name = _("changed option")
        verbose_name_plural = _("changed options")
        ordering = ("option", "level", "plan", "tenant")
        constraints = [
            _place_constraint("optionvalue_place"),
            models.UniqueConstraint(
                fields=["option", "level", "plan", "tenant"], name="optionvalue_once", nulls_distinct=False
            ),
        ]
        indexes = [models.Index(fields=["tenant"], name="optionvalue_tenant")]


class OptionChange(OptionPlace):
    """One change of an option, in the order in which they were made. None stands for "as the wider place"."""

    before: models.JSONField[Any, Any] = models.JSONField(_("before"), null=True)
    after: models.JSONField[Any, Any] = models.JSONField(_("after"), null=True)
    reason = models.CharField(_("reason"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("change of an option")
        verbose_name_plural = _("changes of options")
        ordering = ("-id",)
        constraints = [_place_constraint("optionchange_place")]
        indexes = [models.Index(fields=["tenant", "option", "-id"], name="optionchange_of_tenant")]


class CustomDomain(models.Model):
    """A domain that an organisation says is its own. Only a verified one has its row in tenants.Domain."""

    audit_masked = ("token",)

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting for its record")
        VERIFIED = "verified", _("Verified")
        FAILED = "failed", _("Failed")

    id = UUIDv7Field()
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="custom_domains")
    domain = models.CharField(_("domain"), max_length=253)
    token = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    created_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    #: Since when the record of a verified domain is proved to be gone.
    missing_since = models.DateTimeField(null=True)
    problem = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ("domain",)
        constraints = [
            models.UniqueConstraint(fields=["tenant", "domain"], name="customdomain_once_a_tenant"),
            models.UniqueConstraint(
                fields=["domain"], condition=models.Q(state="verified"), name="customdomain_one_owner"
            ),
        ]
        indexes = [models.Index(fields=["state", "checked_at"], name="customdomain_due")]

    def __str__(self) -> str:
        return self.domain

    @property
    def record_name(self) -> str:
        """Where the TXT record stands."""
        return f"{rules.RECORD_PREFIX}.{self.domain}"

    @property
    def record_value(self) -> str:
        """What the TXT record says."""
        return f"{rules.RECORD_KEY}={self.token}"
