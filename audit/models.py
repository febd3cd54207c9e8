"""The log: rows that database triggers write, in the shape of django-auditlog's LogEntry (C15)."""

from __future__ import annotations

from typing import Any

from auditlog.models import AbstractLogEntry
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.fields import PublicFK, UUIDv7Field


class AuditEntry(AbstractLogEntry):
    """One captured write. Only triggers insert here; nobody updates or deletes."""

    audit_exempt = "the log itself"

    content_type = PublicFK("contenttypes.ContentType", related_name="+", db_index=False)
    actor = PublicFK(settings.AUTH_USER_MODEL, null=True, blank=True, related_name="+", db_index=False)
    object_pk = models.CharField(max_length=255)
    object_id = models.BigIntegerField(null=True, blank=True)
    object_repr = models.TextField()
    # Plain integers: PostgreSQL parses a CHECK's text again for every statement, here for every row.
    action = models.SmallIntegerField(choices=AbstractLogEntry.Action.choices)
    remote_port = models.IntegerField(null=True, blank=True)
    cid = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - auditlog's own shape
    timestamp = models.DateTimeField()

    class Meta(AbstractLogEntry.Meta):
        abstract = False
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["content_type", "object_pk"], name="audit_object"),
            models.Index(fields=["timestamp"], name="audit_time"),
        ]

    @property
    def changes_str(self) -> str:
        """The changes in one line; auditlog's own fails on an empty set."""
        return "; ".join(f"{field}: {old} → {new}" for field, (old, new) in self.changes_dict.items())


class AuditLog(models.Model):
    """A semantic event: what somebody did, in the words of the product (S4-55..58).

    Actor, request, address and time are the transaction's: a trigger stamps them, whatever an INSERT says.
    """

    audit_exempt = "the log itself"

    class Actions(models.TextChoices):
        """S4's words; every other action is called by its event's name (``trading.order_placed``)."""

        ROLE_CHANGED = "role_changed", _("Role Changed")
        PASSWORD_RESET = "password_reset", _("Password Reset")
        ACTIVATION_CHANGED = "activation_changed", _("Activation Changed")

    id = UUIDv7Field()
    actor = PublicFK(settings.AUTH_USER_MODEL, null=True, related_name="actions_performed", db_index=False)
    actor_email = models.CharField(max_length=254, blank=True)
    target = PublicFK(settings.AUTH_USER_MODEL, null=True, related_name="actions_received", db_index=False)
    action = models.CharField(max_length=50)
    object_type = models.CharField(max_length=100, blank=True)
    object_pk = models.CharField(max_length=255, blank=True)
    details: Any = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    request_id = models.CharField(max_length=64, blank=True)
    remote_addr = models.GenericIPAddressField(null=True)
    additional_data: Any = models.JSONField(default=dict)
    timestamp = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-timestamp",)
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["action", "timestamp"], name="auditlog_action"),
            models.Index(fields=["timestamp"], name="auditlog_time"),
            models.Index(fields=["object_type", "object_pk"], name="auditlog_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_email or 'system'}"
