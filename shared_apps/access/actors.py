"""Who does something now.

A door (request, task, consumer) obtains an :class:`Actor` and hands it to queries and services; nothing
below a door looks at a request or at ``User.role``. On the platform's host the user's role counts, inside
a tenant only the capabilities of the person's Member row (decision C3).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction

from shared_apps.core.context import PUBLIC, SchemaRef, platform_context

from .personas import ANYONE, MEMBER, USER

#: ``Actor.method`` of a personal API token.
API_TOKEN = "api_token"  # noqa: S105 - a way to authenticate
#: Seconds that a process may go on with an actor loaded before a change elsewhere.
CACHE_SECONDS = 30
_CACHE_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Actor:
    """A person on one host, a named part of the system, or nobody.

    ``tenant_schema`` is ``public`` on the platform's host. ``method`` says how the person proved who they
    are (``session``, ``jwt``, ``api_token``; ``system`` for parts of the system, whose name is ``name``).
    ``scopes`` are set for a personal API token: what it reaches of what its owner may (``access.scopes``).
    ``only`` are set for who has to do something first (enrol a second factor): the permissions left to them.
    """

    user_id: int | None = None
    email: str = ""
    name: str = ""
    platform_role: str = ""
    tenant_schema: str = PUBLIC
    member_id: UUID | None = None
    capabilities: frozenset[str] = frozenset()
    method: str = ""
    session_id: UUID | None = None
    is_system: bool = False
    scopes: frozenset[str] | None = None
    only: frozenset[str] | None = None

    @classmethod
    def anonymous(cls, tenant_schema: str = PUBLIC) -> Actor:
        """Nobody, on the host of ``tenant_schema``."""
        return cls(tenant_schema=tenant_schema)

    @classmethod
    def system(cls, name: str, tenant_schema: str = PUBLIC) -> Actor:
        """A part of the system, e.g. ``Actor.system("bots.engine")``: it may do everything it asks for."""
        return cls(name=name, tenant_schema=tenant_schema, method="system", is_system=True)

    @property
    def on_platform(self) -> bool:
        """Whether the platform's host is where this actor stands."""
        return self.tenant_schema == PUBLIC

    @property
    def is_authenticated(self) -> bool:
        """Signed in, and on a tenant's host an active member of it."""
        if self.is_system:
            return True
        return self.user_id is not None and (self.on_platform or self.member_id is not None)

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the matrix that speak for this actor."""
        if not self.is_authenticated or self.is_system:
            return frozenset({ANYONE})
        if self.on_platform:
            return frozenset({ANYONE, USER, self.platform_role})
        return self.capabilities | {ANYONE, MEMBER}

    def by(self, method: str, session_id: UUID | None = None) -> Actor:
        """The same person, with how they authenticated and in which session."""
        return replace(self, method=method, session_id=session_id)

    def limited_to(self, permissions: frozenset[str]) -> Actor:
        """The same person with these permissions alone, and what is open to everybody."""
        return replace(self, only=permissions)

    def by_api_token(self, scopes: frozenset[str]) -> Actor:
        """The same person as far as a personal API token with these scopes reaches."""
        return replace(self, method=API_TOKEN, session_id=None, scopes=scopes)


class UserLike(Protocol):
    """What is needed of a user: everything else is read from the database."""

    @property
    def pk(self) -> int | None: ...


#: Turns (user id, tenant) into an Actor, or None when the person is no active member there.
TenantLoader = Callable[[int, SchemaRef], Actor | None]

_tenant_loader: TenantLoader | None = None
_cache: dict[tuple[str, int], tuple[float, Actor]] = {}


def register_loader(loader: TenantLoader) -> None:
    """Name the function that loads members; the members app does so in its ``ready()``."""
    global _tenant_loader
    _tenant_loader = loader


def load_actor(user: UserLike, tenant: SchemaRef | None, *, fresh: bool = False) -> Actor:
    """The actor that ``user`` is on the host of ``tenant`` (None or the public schema: the platform).

    Cached at most 30 seconds in this process; ``fresh=True`` asks the database (money, orders, roles).
    A deactivated user, and on a tenant's host anybody who is no active member, comes out anonymous.
    """
    schema = PUBLIC if tenant is None else tenant.schema_name
    if user.pk is None:
        return Actor.anonymous(schema)
    key, now = (schema, user.pk), time.monotonic()
    hit = None if fresh else _cache.get(key)
    if hit is not None and hit[0] > now:
        return hit[1]
    if tenant is None or schema == PUBLIC:
        found = _load_on_platform(user.pk)
    else:
        if _tenant_loader is None:
            raise RuntimeError("no app registered a loader of members (access.actors.register_loader)")
        found = _tenant_loader(user.pk, tenant)
    actor = Actor.anonymous(schema) if found is None else found
    if len(_cache) >= _CACHE_LIMIT:
        _cache.clear()
    _cache[key] = (now + CACHE_SECONDS, actor)
    return actor


def forget_actor(user_id: int, tenant_schema: str = PUBLIC) -> None:
    """Drop the cached actor now and again after commit: a reader in between would cache the old row."""
    _cache.pop((tenant_schema, user_id), None)
    transaction.on_commit(lambda: _cache.pop((tenant_schema, user_id), None) and None)


def forget_all_actors() -> None:
    """Empty the cache of this process."""
    _cache.clear()


def _load_on_platform(user_id: int) -> Actor | None:
    columns = ("email", "username", "first_name", "last_name", "role")
    with platform_context():
        rows = get_user_model()._default_manager.filter(pk=user_id, is_active=True)
        row = rows.values_list(*columns).first()
    if row is None:
        return None
    email, username, first_name, last_name, role = row
    name = f"{first_name} {last_name}".strip() or username
    return Actor(user_id=user_id, email=email, name=name, platform_role=role)
