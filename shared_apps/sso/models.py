"""An organisation's identity provider, and whom its identities stand for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class IdentityProvider(models.Model):
    """The OpenID provider by which a tenant's members may log in: at most one a tenant (F26)."""

    audit_masked = ("client_secret",)

    tenant = models.OneToOneField("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60, help_text=_("What the button on the log-in page calls it"))
    issuer = models.URLField(max_length=255)
    client_id = models.CharField(max_length=255)
    client_secret = models.TextField(help_text=_("Sealed"))
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name} of tenant {self.tenant_id}"


class ExternalIdentity(models.Model):
    """One subject of a provider, and the person it was linked to at the first log-in."""

    audit_left_out = ("last_used_at",)

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="identities")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject"], name="sso_subject_once"),
            models.UniqueConstraint(fields=["provider", "user"], name="sso_person_once"),
        ]

    def __str__(self) -> str:
        return f"identity of {self.user_id}"
