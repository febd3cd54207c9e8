"""Actors who came in through a door: with a session that was proved just now."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from shared_apps.access.actors import Actor, load_actor
from shared_apps.core.context import audit_context, platform_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import Session, User


def signed_in(user: User, tenant: Tenant | None) -> Actor:
    """The actor of a browser session of somebody on a host, opened just now."""
    now = timezone.now()
    with platform_context(), audit_context(actor_label="test"), transaction.atomic():
        session = Session.objects.create(
            user=user,
            tenant=tenant,
            kind=Session.Kind.BROWSER,
            verified_at=now,
            expires_at=now + timedelta(hours=1),
        )
    return load_actor(user, tenant, fresh=True).by("session", session.pk)
