"""Telling people by e-mail what happened to their account: always, because it may not have been them."""

from __future__ import annotations

import ipaddress
from enum import StrEnum

from django.utils import timezone

from shared_apps.core.background import enqueue
from shared_apps.users.hosts import Client, HostTenant
from shared_apps.users.models import Session, User

#: How many of a person's last sessions say which devices are known.
_REMEMBERED = 100


class Notice(StrEnum):
    """What is told; each has a template in ``users/mail``."""

    NEW_DEVICE = "new_device"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    EMAIL_CHANGED = "email_changed"
    EMAIL_CHANGED_OLD = "email_changed_old"
    LOCKED = "locked"
    ERASED = "erased"
    EXPORT_READY = "export_ready"
    SECURITY_CHANGED = "security_changed"
    """``what``: factor_added, factor_removed, recovery_codes, recovery_code_used or api_token."""


def tell(
    user_id: int | None,
    notice: Notice,
    *,
    origin: str,
    tenant: HostTenant | None,
    address: str = "",
    client: Client | None = None,
    **details: str,
) -> None:
    """Step: have a notice sent, to the person's address or to another one that was theirs.

    ``user_id`` None sends nothing, after the same work.
    """
    enqueue(
        "users.send_notice",
        notice=str(notice),
        user_id=user_id,
        address=address,
        origin=origin,
        schema=None if tenant is None else tenant.schema_name,
        tenant_name="" if tenant is None else tenant.name,
        details={
            **details,
            "at": timezone.now().strftime("%Y-%m-%d %H:%M UTC"),
            "device": client.user_agent if client else "",
            "remote_addr": (client.remote_addr or "") if client else "",
        },
    )


def tell_of_new_device(session: Session, user: User, client: Client, tenant: HostTenant | None) -> None:
    """Step: tell of a log-in from a program and network that none of the last sessions had.

    The first log-in of all is no news. A network is what a provider gives out together (/16, of IPv6 /32).
    """
    if user.last_login is None:
        return
    rows = Session.objects.filter(user_id=user.pk).exclude(pk=session.pk).order_by("-created_at")
    seen = rows.values_list("user_agent", "remote_addr")[:_REMEMBERED]
    here = (client.user_agent, _network(client.remote_addr))
    if all((agent, _network(address)) != here for agent, address in seen):
        tell(user.pk, Notice.NEW_DEVICE, origin=client.origin, tenant=tenant, client=client)


def _network(address: str | None) -> str:
    if not address:
        return ""
    size = 32 if ":" in address else 16
    return str(ipaddress.ip_network(f"{address}/{size}", strict=False))
