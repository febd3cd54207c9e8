"""Plumbing tables, in the public schema and in every tenant's: a transaction writes only its own schema's."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from .fields import PublicFK, UUIDv7Field
from .ids import uuid7
from .tenant_models import TenantGuardMixin, TenantModel, WrongTenant

__all__ = [
    "IdempotencyKey",
    "OutboxMessage",
    "PublicFK",
    "TenantGuardMixin",
    "TenantModel",
    "UUIDv7Field",
    "WrongTenant",
    "uuid7",
]


class OutboxMessage(models.Model):
    """A task to be published to the broker, written in the transaction that wants it done."""

    audit_exempt = "plumbing: each message is the consequence of an audited write"

    class Status(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        DONE = "done"
        DEAD = "dead"

    id = UUIDv7Field()
    task = models.CharField(max_length=100)
    kwargs = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    actor_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    available_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["available_at"],
                name="outbox_open",
                condition=models.Q(status__in=["pending", "sent"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.task} ({self.status})"


class IdempotencyKey(models.Model):
    """The answer given to an unsafe request, kept at least 24 hours."""

    audit_exempt = "plumbing: the request it remembers is audited itself"

    id = UUIDv7Field()
    user_id = models.BigIntegerField()
    endpoint = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "endpoint", "key"], name="idempotency_once"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.key}"
