"""What members do in the background."""

from __future__ import annotations

from shared_apps.core.context import tenant_context
from shared_apps.core.tasks import platform_task
from shared_apps.tenants.models import Membership
from shared_apps.users.models import User

from . import services


@platform_task("members.copy_profile")
def copy_profile(user_id: int) -> None:
    """Bring a person's name and address into every tenant they belong to."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return
    memberships = Membership.objects.filter(user_id=user_id, tenant__is_active=True).select_related("tenant")
    for membership in memberships:
        with tenant_context(membership.tenant):
            services.copy_profile(user_id=user_id, name=user.display_name, email=user.email)
