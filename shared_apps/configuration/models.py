"""Changed options, and the history of their changes. In public: the platform and every tenant read them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.tenants.models import Tenant


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
