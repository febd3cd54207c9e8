"""From one host to another without logging in again: a one-shot token, good for a minute (F28).

Cookies never leave their host, so a browser that goes to another organisation is a stranger there. The host
that knows the person issues a token; the other one takes it, once, and opens a session of its own. The token
is random and kept as a hash; it names the organisation it is for, and the session it was issued in, which
must still be open when it is taken. For browsers it is bound to a secret that the *other* host has set as a
cookie (the challenge is its hash), so nobody can be brought into somebody else's session by a link.

The platform's host takes no such tokens: its staff log in there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Any, Final
from uuid import UUID

from django.core.cache import caches
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.core.errors import ForbiddenError

from . import principals
from .hosts import HostTenant
from .principals import NotAuthentic
from .tokens import tenant_claim

SECONDS: Final = 60
_CHALLENGE: Final = re.compile(r"[\w-]{43}\Z", re.ASCII)


def new_secret() -> tuple[str, str]:
    """A secret for the browser's cookie, and the challenge that goes to the host which issues the token."""
    secret = secrets.token_urlsafe(32)
    return secret, challenge_of(secret)


def challenge_of(secret: str) -> str:
    """SHA-256 of a secret, 43 URL-safe characters; empty for an empty one (no browser)."""
    if not secret:
        return ""
    digest = hashlib.sha256(secret.encode(errors="replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def issue(actor: Actor, *, source: HostTenant | None, target: HostTenant, challenge: str = "") -> str:
    """A token by which the actor enters ``target``; the caller has made sure that they are a member there.

    ``source`` is the tenant of the host that issues it. Raises ForbiddenError without a session (API tokens
    have none) and for a malformed challenge.
    """
    if actor.session_id is None or actor.user_id is None:
        raise ForbiddenError("auth.no_session", _("A session is needed for this."))
    if challenge and not _CHALLENGE.match(challenge):
        raise ForbiddenError("handover.invalid", _("This address is not complete."))
    token = secrets.token_urlsafe(32)
    value = {
        "user": actor.user_id,
        "session": str(actor.session_id),
        "method": actor.method,
        "source": None if source is None else source.pk,
        "target": tenant_claim(target),
        "challenge": challenge,
    }
    _cache().set(_key(token), value, SECONDS)
    return token


def redeem(token: str, *, tenant: HostTenant, find_tenant: Any, secret: str = "") -> int:
    """The id of the user who brought the token to this host; it is spent now, whether it holds or not.

    Raises ForbiddenError.

    ``secret`` is the browser's cookie; ``find_tenant(pk)`` gives the tenant of the host that issued it.
    """
    cache, key = _cache(), _key(token)
    value = cache.get(key)
    # Only one of two who show it at once sees their delete succeed.
    if value is None or not cache.delete(key):
        raise _refused()
    if value["target"] != tenant_claim(tenant):
        raise _refused()
    if not hmac.compare_digest(value["challenge"], challenge_of(secret)):
        raise _refused()
    source = None if value["source"] is None else find_tenant(value["source"])
    try:
        found = principals.from_session_id(UUID(value["session"]), value["user"], source, value["method"])
    except NotAuthentic as ended:
        raise _refused() from ended
    return int(found.user.pk)


def _refused() -> ForbiddenError:
    return ForbiddenError("handover.invalid", _("This way in was used before or is too old. Log in."))


def _cache() -> Any:
    return caches["directory"]


def _key(token: str) -> str:
    return f"hand-over:{hashlib.sha256(token.encode(errors='replace')).hexdigest()}"
