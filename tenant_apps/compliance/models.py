"""Identity cases and their documents. What a person shows is sealed; what follows from it is not."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shared_apps.core.tenant_models import TenantModel
from tenant_apps.members.models import Member

from . import rules


class IdentityCase(TenantModel):
    """One request of a member to be known; a member has at most one that is open or approved."""

    class State(models.TextChoices):
        PENDING = "pending", _("With the provider")
        IN_REVIEW = "in_review", _("With the staff")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class DocumentKind(models.TextChoices):
        PASSPORT = "passport", _("Passport")
        ID_CARD = "id_card", _("Identity card")
        RESIDENCE_PERMIT = "residence_permit", _("Residence permit")

    audit_masked = ("details",)

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="identity_cases")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    document_kind = models.CharField(_("document"), max_length=20, choices=DocumentKind.choices)
    #: Sealed JSON: legal name, birth date, country, number of the document.
    details = models.TextField()
    document_expires_on = models.DateField(_("document valid until"))
    provider = models.CharField(max_length=40)
    provider_reference = models.CharField(max_length=100, blank=True)
    is_simulated = models.BooleanField(default=False)
    submitted_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, related_name="decided_identity_cases"
    )
    reason = models.CharField(max_length=300, blank=True)
    valid_until = models.DateField(null=True)
    documents_erased_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ("-submitted_at", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=models.Q(state__in=rules.STANDING),
                name="identitycase_one_standing",
            ),
            models.CheckConstraint(
                name="identitycase_approved_until",
                condition=~models.Q(state="approved") | models.Q(valid_until__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state", "submitted_at"], name="identitycase_queue")]

    def __str__(self) -> str:
        return f"identity case {self.pk}"


class IdentityDocument(TenantModel):
    """One picture of a case, encrypted in the storage under a key that is sealed here."""

    class Side(models.TextChoices):
        FRONT = "front", _("Front")
        BACK = "back", pgettext_lazy("side of a document", "Back")
        SELFIE = "selfie", _("Portrait")

    audit_masked = ("key",)

    case = models.ForeignKey(IdentityCase, on_delete=models.CASCADE, related_name="documents")
    side = models.CharField(max_length=6, choices=Side.choices)
    file = models.CharField(max_length=120)
    key = models.TextField()
    size = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        ordering = ("side",)
        constraints = [models.UniqueConstraint(fields=["case", "side"], name="identitydocument_once")]

    def __str__(self) -> str:
        return f"{self.side} of {self.case_id}"
