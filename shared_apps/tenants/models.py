"""The directory: organisations, their hosts, who belongs to them, and the state of their schemas."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from . import rules


class Tenant(TenantMixin):
    """An organisation: one schema, one subdomain, one database role. Services write it, not ``save()``."""

    auto_create_schema = False
    auto_drop_schema = False

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        FROZEN = "frozen", _("Frozen")
        EXPORTED = "exported", _("Exported")
        ERASED = "erased", _("Erased")

    name = models.CharField(max_length=150, unique=True)
    is_active = models.BooleanField(default=True)
    slug = models.SlugField(max_length=160, unique=True)
    description = models.TextField(blank=True)
    email = models.EmailField(blank=True, null=True)  # noqa: DJ001 - the field of S4-38
    url = models.URLField(blank=True, null=True)  # noqa: DJ001 - the field of S4-39
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    schema_name = models.CharField(max_length=63, unique=True, editable=False, default=rules.new_schema_name)
    db_role = models.CharField(max_length=63, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(max_length=255, blank=True)
    state_changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                name="tenant_active_is_state",
                condition=models.Q(is_active=True, state="active")
                | (models.Q(is_active=False) & ~models.Q(state="active")),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        """Save the row; the role's name follows the schema's, the schema is made by provisioning."""
        self.db_role = rules.role_name(self.schema_name)
        models.Model.save(self, *args, **kwargs)  # type: ignore[arg-type]


class Domain(DomainMixin):
    """A host name that leads to a tenant: its subdomain, later its verified custom domains."""

    class Meta:
        ordering = ("domain",)

    def __str__(self) -> str:
        return str(self.domain)


class Membership(models.Model):
    """Directory row: this person belongs to that tenant. Rights are in the tenant's own Member row."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "tenant"], name="membership_once")]
        indexes = [models.Index(fields=["tenant", "user"], name="membership_tenant_user")]

    def __str__(self) -> str:
        return f"user {self.user_id} in tenant {self.tenant_id}"


class SpareSchema(models.Model):
    """A schema made in advance, with its role and grants, waiting for its tenant."""

    audit_exempt = "plumbing: empty schemas; the tenant that takes one is audited"

    schema_name = models.CharField(max_length=63, unique=True)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.schema_name


class SchemaState(models.Model):
    """Which migrations a schema has: what lets a deploy skip the tenants that are up to date."""

    audit_exempt = "plumbing: the migration executor's own bookkeeping"

    class Status(models.TextChoices):
        CURRENT = "current"
        FAILED = "failed"
        DRIFTED = "drifted"

    schema_name = models.CharField(max_length=63, unique=True)
    fingerprint = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CURRENT)
    error = models.TextField(blank=True)
    migrated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.schema_name}: {self.status}"


class TemplateScript(models.Model):
    """The DDL text that makes a tenant schema, by the fingerprint of the migrations it was dumped from."""

    audit_exempt = "plumbing: text derived from the migrations"

    fingerprint = models.CharField(max_length=64, unique=True)
    script = models.TextField()
    #: What ``step_texts.now()`` gave: the next version sends each schema only what differs.
    step_texts = models.JSONField(default=dict)
    #: How many versions' plans were added to the text since it was dumped.
    additions = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.fingerprint


class SchemaPlan(models.Model):
    """The SQL that leads a tenant schema from one fingerprint to another, made once on the template."""

    audit_exempt = "plumbing: text derived from the migrations"

    from_fingerprint = models.CharField(max_length=64)
    to_fingerprint = models.CharField(max_length=64)
    statements = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["from_fingerprint", "to_fingerprint"], name="schema_plan_once")
        ]

    def __str__(self) -> str:
        return f"{self.from_fingerprint[:8]} to {self.to_fingerprint[:8]}"
