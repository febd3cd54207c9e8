"""What the attacks on identity share."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from shared_apps.access.actors import Actor
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import User
from tenant_apps.members.services import add_member
from tests.attacks.people import BOTH
from tests.support.live import Live


@pytest.fixture(scope="module")
def tenants(live: Live, django_db_blocker: Any) -> dict[str, str]:
    """UUIDs by slug; BOTH is made a member of globex too, for good."""
    with (
        django_db_blocker.unblock(),
        platform_context(),
        audit_context(actor_label="test"),
        transaction.atomic(),
    ):
        globex, user = Tenant.objects.get(slug="globex"), User.objects.get(email=BOTH)
        Membership.objects.create(user=user, tenant=globex)
        with tenant_context(globex):
            add_member(actor=Actor.system("test", globex.schema_name), user=user)
        return {tenant.slug: str(tenant.uuid) for tenant in Tenant.objects.all()}
