"""Proofs of identity inside a session: when the last one was, and the password as one."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import check_password
from django.utils import timezone

from shared_apps.access.actors import Actor
from shared_apps.core.context import platform_context
from shared_apps.users.models import Session, User
from shared_apps.users.units import identity_unit


def verified_at(actor: Actor) -> datetime | None:
    """When the person of the actor's session last proved who they are; None without a session."""
    if actor.session_id is None or actor.user_id is None:
        return None
    with platform_context():
        return (
            Session.objects.filter(pk=actor.session_id, user_id=actor.user_id)
            .values_list("verified_at", flat=True)
            .first()
        )


def note_verified(actor: Actor) -> None:
    """Write down that the person of the actor's session proved who they are just now."""
    if actor.session_id is None or actor.user_id is None:
        return
    with identity_unit("auth.step_up"):
        Session.objects.filter(pk=actor.session_id, user_id=actor.user_id).update(verified_at=timezone.now())


def password_is_right(actor: Actor, password: str) -> bool:
    """Whether this is the password of the actor's person."""
    with platform_context():
        user = User.objects.filter(pk=actor.user_id or 0, is_active=True).first()
        return user is not None and check_password(password, user.password)
