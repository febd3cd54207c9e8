"""Mails about accounts, and the clearing of what has ended."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from shared_apps.core.context import PUBLIC
from shared_apps.core.tasks import platform_task

from . import mails
from .models import User
from .services import exports, letters
from .services.notices import Notice
from .services.sessions import purge_ended

#: An ended session's row is kept this long, to answer "where was I logged in".
_KEEP_ENDED = timedelta(days=30)


@platform_task("users.send_code")
def send_code(code_id: str, origin: str, schema: str | None, tenant_name: str) -> None:
    """Send a code, or what else the mailbox gets instead; run twice, the second e-mail's code holds."""
    letter = letters.write_letter(UUID(code_id), schema or PUBLIC)
    if letter is not None:
        mails.send_letter(letter, mails.Place(origin, schema, tenant_name))


@platform_task("users.send_notice")
def send_notice(
    notice: str,
    user_id: int | None,
    address: str,
    origin: str,
    schema: str | None,
    tenant_name: str,
    details: dict[str, str],
) -> None:
    """Tell a person by e-mail what happened to their account; nobody's is nothing."""
    user = None if user_id is None else User.objects.filter(pk=user_id).first()
    if user is not None and (user.is_active or notice == Notice.ERASED):
        mails.send_notice(notice, user, address, mails.Place(origin, schema, tenant_name), details)


@platform_task("users.build_export", retry_after=600)
def build_export(export_id: str, origin: str, schema: str | None, tenant_name: str) -> None:
    """Put somebody's data together."""
    exports.build_export(UUID(export_id), origin=origin)


@platform_task("users.purge_sessions")
def purge_sessions() -> None:
    """Delete sessions that ended a month ago, codes that nobody brought, and exports whose time is over."""
    purge_ended(before=timezone.now() - _KEEP_ENDED)
