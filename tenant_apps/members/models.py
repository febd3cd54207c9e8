"""People inside one tenant, and the grants on single objects."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.models.models import GroupObjectPermissionAbstract, UserObjectPermissionAbstract

from shared_apps.core.fields import PublicFK, UUIDv7Field
from shared_apps.core.tenant_models import TenantGuardMixin, TenantModel


class Capability(models.TextChoices):
    """What a member may be in a tenant; several at once (decisions C3, C26)."""

    OWNER = "owner", _("Owner")
    TENANT_ADMIN = "tenant_admin", _("Administrator")
    TENANT_AUDITOR = "tenant_auditor", _("Auditor")
    VERIFIER = "verifier", _("Verifier")
    SELLER = "seller", _("Seller")
    BUYER = "buyer", _("Buyer")
    TRADER = "trader", _("Trader")
    AFFILIATE = "affiliate", _("Affiliate")


class Member(TenantModel):
    """A person inside this tenant. Tenant tables point here and never at the public user."""

    user_id = models.BigIntegerField(unique=True)
    name = models.CharField(max_length=300)
    email = models.EmailField()
    capabilities = ArrayField(models.CharField(max_length=20, choices=Capability.choices), default=list)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("name",)
        indexes = [GinIndex(fields=["capabilities"], name="member_capabilities")]
        constraints = [models.UniqueConstraint(fields=["email"], name="member_email_once")]

    def __str__(self) -> str:
        return self.name


class UserObjectGrant(UserObjectPermissionAbstract, TenantGuardMixin):
    """guardian's grant of a permission on one object to one person, kept in the tenant."""

    id = UUIDv7Field()
    # guardian's own queries go through these names.
    user = PublicFK(settings.AUTH_USER_MODEL, related_name="user_object_grants")
    permission = PublicFK("auth.Permission", related_name="user_object_grants")
    content_type = PublicFK("contenttypes.ContentType", related_name="+")

    class Meta(UserObjectPermissionAbstract.Meta):
        abstract = False


class GroupObjectGrant(GroupObjectPermissionAbstract, TenantGuardMixin):
    """guardian's grant to a group; guardian insists on the model, groups are not used."""

    id = UUIDv7Field()
    group = PublicFK("auth.Group", related_name="group_object_grants")
    permission = PublicFK("auth.Permission", related_name="group_object_grants")
    content_type = PublicFK("contenttypes.ContentType", related_name="+")

    class Meta(GroupObjectPermissionAbstract.Meta):
        abstract = False
