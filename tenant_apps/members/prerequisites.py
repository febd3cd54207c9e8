"""What this app itself can check of a member before they get a capability (C26, S3-29, S3-30)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shared_apps.core.context import platform_context
from shared_apps.users.events import EmailVerified
from shared_apps.users.models import User

from .capabilities import MissingStep, Prerequisite, register_prerequisite
from .models import Capability, Member


def missing_verified_email(member: Member) -> MissingStep | None:
    """The step for whoever has not shown yet that their address is theirs."""
    with platform_context():
        verified = User.objects.filter(pk=member.user_id, email_verified_at__isnull=False).exists()
    return None if verified else MissingStep("verified_email", _("a verified e-mail address"))


VERIFIED_EMAIL = Prerequisite(
    key="verified_email",
    label=_("A verified e-mail address"),
    missing=missing_verified_email,
    told_by=(EmailVerified,),
)


def register_own() -> None:
    """Who buys or sells has an address that was proved."""
    for capability in (Capability.BUYER, Capability.SELLER):
        register_prerequisite(capability, VERIFIED_EMAIL)
