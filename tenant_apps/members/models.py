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
from shared_apps.users.validators import validate_phone_number

from . import rules


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
    waiting_capabilities = ArrayField(
        models.CharField(max_length=20, choices=Capability.choices),
        default=list,
        blank=True,
        help_text=_("Decided for this member, and in force as soon as their prerequisites hold"),
    )
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("name",)
        indexes = [GinIndex(fields=["capabilities"], name="member_capabilities")]
        constraints = [models.UniqueConstraint(fields=["email"], name="member_email_once")]

    def __str__(self) -> str:
        return self.name


class JoinLink(TenantModel):
    """A link that a leader may publish: whoever has it asks for an invitation to an address of theirs.

    ``uses`` counts people who came in by it; the token itself is shown once and kept as a hash.
    """

    audit_masked = ("token_hash",)

    label = models.CharField(max_length=100)
    token_hash = models.CharField(max_length=64, unique=True)
    capabilities = ArrayField(models.CharField(max_length=20, choices=Capability.choices), default=list)
    max_uses = models.PositiveIntegerField()
    uses = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(
                name="join_link_within_its_uses", condition=models.Q(uses__lte=models.F("max_uses"))
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def state(self) -> str:
        """``active``, or why nobody comes in by it any more: ``revoked``, ``expired``, ``used_up``."""
        problem = rules.join_link_problem(
            revoked_at=self.revoked_at,
            expires_at=self.expires_at,
            uses=self.uses,
            max_uses=self.max_uses,
            now=timezone.now(),
        )
        return problem or "active"


class Invitation(TenantModel):
    """An address that may come in, once, with these capabilities (F28).

    The token went to that address and nowhere else; its hash is kept here. ``generation`` grows when the
    invitation is sent again, which makes the earlier link void.
    """

    audit_masked = ("token_hash",)

    email = models.EmailField()
    capabilities = ArrayField(models.CharField(max_length=20, choices=Capability.choices), default=list)
    token_hash = models.CharField(max_length=64, unique=True)
    generation = models.PositiveIntegerField(default=1)
    language = models.CharField(max_length=10, default="en")
    invited_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    join_link = models.ForeignKey(
        JoinLink, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        Member, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="invitation_open_once",
                condition=models.Q(accepted_at=None, withdrawn_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def state(self) -> str:
        """One of ``rules.INVITATION_STATES``, as of now."""
        return rules.invitation_state(
            accepted_at=self.accepted_at,
            withdrawn_at=self.withdrawn_at,
            expires_at=self.expires_at,
            now=timezone.now(),
        )


class OwnershipTransfer(TenantModel):
    """An owner's proposal to hand ownership to another member, who accepts or declines it."""

    from_member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    to_member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["from_member"],
                name="ownership_transfer_open_once",
                condition=models.Q(accepted_at=None, declined_at=None, withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="ownership_transfer_to_another",
                condition=~models.Q(from_member=models.F("to_member")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def state(self) -> str:
        """One of ``rules.TRANSFER_STATES``, as of now."""
        return rules.transfer_state(
            accepted_at=self.accepted_at,
            declined_at=self.declined_at,
            withdrawn_at=self.withdrawn_at,
            expires_at=self.expires_at,
            now=timezone.now(),
        )


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


class Address(TenantModel):
    """Where parcels or bills of a member go (S3-52)."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="addresses")
    label = models.CharField(max_length=40, blank=True, help_text=_("What its owner calls it"))
    recipient = models.CharField(max_length=200)
    company = models.CharField(max_length=100, blank=True)
    line1 = models.CharField(max_length=200)
    line2 = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100)
    region = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, help_text=_("Two letters, ISO 3166-1"))
    phone_number = models.CharField(max_length=20, blank=True, validators=[validate_phone_number])
    is_default_shipping = models.BooleanField(default=False)
    is_default_billing = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("-is_default_shipping", "-is_default_billing", "created_at")
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=models.Q(is_default_shipping=True), name="address_one_shipping"
            ),
            models.UniqueConstraint(
                fields=["member"], condition=models.Q(is_default_billing=True), name="address_one_billing"
            ),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.line1}, {self.city}"


class ProfessionalInfo(TenantModel):
    """The business that a member of the type ``professionnel`` acts for (S3-34, S3-53)."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="professional_info")
    legal_name = models.CharField(max_length=200)
    legal_form = models.CharField(max_length=60, blank=True)
    registration_number = models.CharField(max_length=40, help_text=_("In France the SIRET"))
    vat_number = models.CharField(max_length=20, blank=True)
    tax_id = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, help_text=_("Two letters, ISO 3166-1"))
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.legal_name
