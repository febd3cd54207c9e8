"""What the layers below ask: is a second step due, when was the last proof, who must enrol first."""

from __future__ import annotations

import time
from typing import Final

from shared_apps.access.actors import Actor
from shared_apps.access.step_up import Proof
from shared_apps.core.context import PUBLIC, platform_context
from shared_apps.users.hosts import HostTenant
from shared_apps.users.second_step import Challenge
from shared_apps.users.services.verification import verified_at

from . import memory, queries
from .options import ADMINISTRATORS, NOBODY, REQUIRED

#: Kind of the memory between the two steps of a log-in.
LOGIN: Final = "login"
#: What is left to who must enrol first.
ENROLLING: Final = frozenset(
    {
        "factors.view_factor", "factors.manage_factor", "factors.confirm_identity",
        "users.view_self", "users.revoke_session",
    }
)  # fmt: skip
_ADMINISTRATORS: Final = frozenset(
    {"owner", "tenant_admin", "tenant_auditor", "superadmin", "admin", "auditor"}
)
#: Seconds for which somebody who had a factor is taken to have one still.
_CACHE_SECONDS: Final = 30.0
_enrolled: dict[int, float] = {}


class Gate:
    """Registered with ``users.second_step``."""

    page = "login-second"

    def is_due(self, user_id: int) -> bool:
        return queries.has_factor(user_id)

    def begin(self, user_id: int, tenant: HostTenant | None) -> Challenge:
        schema = PUBLIC if tenant is None else tenant.schema_name
        token = memory.remember(LOGIN, {"user_id": user_id, "schema": schema})
        methods = queries.methods_of(queries.authenticators(user_id))
        return Challenge(token, methods, memory.SECONDS)

    def limit(self, actor: Actor) -> Actor:
        if actor.user_id is None or not is_required(actor) or _has_factor(actor.user_id):
            return actor
        return actor.limited_to(ENROLLING)


def is_required(actor: Actor) -> bool:
    """Whether this person must have a second factor on this host."""
    required = REQUIRED.value_for(actor.tenant_schema)
    if required == NOBODY:
        return False
    return required != ADMINISTRATORS or bool(actor.columns & _ADMINISTRATORS)


def _has_factor(user_id: int) -> bool:
    """Only a yes is kept: who has just enrolled goes on at once, in every process."""
    if _enrolled.get(user_id, 0.0) > time.monotonic():
        return True
    with platform_context():
        found = queries.has_factor(user_id)
    if found:
        if len(_enrolled) > 20_000:
            _enrolled.clear()
        _enrolled[user_id] = time.monotonic() + _CACHE_SECONDS
    return found


def forget(user_id: int) -> None:
    """A factor of this person was removed."""
    _enrolled.pop(user_id, None)


def forget_everybody() -> None:
    """Empty this process's cache."""
    _enrolled.clear()


def last_proof(actor: Actor) -> Proof:
    """Registered with ``access.step_up``: who has no second factor proves themselves by password."""
    with platform_context():
        rows = list(queries.authenticators(actor.user_id or 0))
    methods = queries.methods_of(rows)
    is_enrolled = "webauthn" in methods or "totp" in methods
    return Proof(verified_at(actor), methods if is_enrolled else ("password",))
