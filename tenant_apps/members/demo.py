"""The demo's members (registered with tenants.demo)."""

from __future__ import annotations

from django.db import transaction

from shared_apps.tenants.demo import DemoPerson
from shared_apps.tenants.models import Tenant

from .models import Member


def seed_members(tenant: Tenant, people: list[DemoPerson]) -> None:
    """Give every demo person a Member row with capabilities; rows that exist stay as they are."""
    with transaction.atomic():
        for person in people:
            Member.objects.get_or_create(
                user_id=person.user.pk,
                defaults={
                    "name": person.user.display_name,
                    "email": person.user.email,
                    "capabilities": list(person.capabilities),
                },
            )
