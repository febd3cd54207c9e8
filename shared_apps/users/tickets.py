"""Tickets for WebSockets: good for one connection on one host within a minute (attack table, row 17).

A browser cannot send an Authorization header with a WebSocket, and a token in its address would end up in
logs. The ticket is random, kept only as a hash in the host's cache and taken out when it is shown.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final
from uuid import UUID

from django.core.cache import caches
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.core.errors import ForbiddenError

from . import principals
from .hosts import HostTenant
from .principals import NotAuthentic, Principal
from .tokens import tenant_claim

SECONDS: Final = 60


def issue(actor: Actor, tenant: HostTenant | None) -> str:
    """A ticket for the actor's session on this host. Raises ForbiddenError without a session."""
    if actor.session_id is None or actor.user_id is None:
        raise ForbiddenError("auth.no_session", _("A session is needed for this."))
    ticket = secrets.token_urlsafe(32)
    value = [actor.user_id, str(actor.session_id), actor.method, tenant_claim(tenant)]
    caches["host"].set(_key(ticket), value, SECONDS)
    return ticket


def redeem(ticket: str, tenant: HostTenant | None) -> Principal:
    """Who brought the ticket to this host; it is spent now. Raises NotAuthentic.

    To be called with the host's context open, as the middleware of requests and of WebSockets opens it.
    """
    cache, key = caches["host"], _key(ticket)
    value = cache.get(key)
    # Only one of two who show it at once sees their delete succeed.
    if value is None or not cache.delete(key):
        raise NotAuthentic("ticket_not_valid")
    user_id, session_id, method, tid = value
    if tid != tenant_claim(tenant):
        raise NotAuthentic("ticket_not_valid")
    return principals.from_session_id(UUID(session_id), user_id, tenant, method)


def _key(ticket: str) -> str:
    return f"ws-ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
