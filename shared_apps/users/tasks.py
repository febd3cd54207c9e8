"""Mails about accounts, and the clearing of ended sessions."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from shared_apps.core.tasks import platform_task

from . import mails, queries
from .models import User
from .services.sessions import purge_ended_sessions

#: An ended session's row is kept this long, to answer "where was I logged in".
_KEEP_ENDED = timedelta(days=30)


@platform_task("users.send_reset_link")
def send_reset_link(
    email: str, origin: str, tenant_id: int | None, schema: str | None, tenant_name: str
) -> None:
    """Send a reset link if somebody of that host has the address; nothing happens otherwise."""
    user = User.objects.filter(email=email, is_active=True).first()
    if user is None or (tenant_id is not None and not queries.belongs_to(user.pk, tenant_id)):
        return
    mails.send_reset_link(user, mails.Place(origin, schema, tenant_name))


@platform_task("users.send_registration_mail")
def send_registration_mail(
    user_id: int, is_known: bool, origin: str, tenant_id: int | None, schema: str | None, tenant_name: str
) -> None:
    """Welcome a new account; tell the owner of a known address that and how they can join."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    place = mails.Place(origin, schema, tenant_name)
    if not is_known:
        mails.send_welcome(user, place)
    elif tenant_id is None or queries.belongs_to(user.pk, tenant_id):
        mails.send_already_registered(user, place)
    else:
        mails.send_join_link(user, place)


@platform_task("users.purge_sessions")
def purge_sessions() -> None:
    """Delete sessions that ended a month ago."""
    purge_ended_sessions(before=timezone.now() - _KEEP_ENDED)
