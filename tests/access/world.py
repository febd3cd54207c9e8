"""One person for every column of the matrix, and for every way of not being one; and how they ask."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cache import SessionStore
from django.db import connection, transaction
from django.test import Client as HttpClient

from shared_apps.access.personas import ANYONE, CAPABILITIES, MEMBER, PLATFORM_ROLES, USER
from shared_apps.core.context import PLATFORM, SchemaRef, audit_context, host_context, tenant_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.hosts import Client
from shared_apps.users.models import Role, User
from shared_apps.users.principals import SESSION_ROW_KEY
from shared_apps.users.services.login import TokenPair, open_api_session, open_browser_session
from tenant_apps.members.models import Member

#: People by host: who they are and whether they are signed in there. ``stranger`` shows a token of elsewhere.
NOBODIES = ("anonymous", "stranger", "deactivated")
PEOPLE: dict[str, tuple[str, ...]] = {
    "platform": (*PLATFORM_ROLES, *NOBODIES),
    "tenant": (*CAPABILITIES, "plain", *NOBODIES),
}


@dataclass(frozen=True, kw_only=True)
class Persona:
    """Somebody on one host. ``columns`` are those of the matrix that speak for them."""

    key: str
    host: str
    columns: frozenset[str]
    user: User | None = None
    member: Member | None = None
    tokens: TokenPair | None = None
    browser: str = ""

    @property
    def authenticated(self) -> bool:
        return self.key not in NOBODIES


@dataclass
class World:
    """The tenant whose host is called, another one, and everybody by (host, name)."""

    tenant: Tenant
    elsewhere: Tenant
    people: dict[tuple[str, str], Persona] = field(default_factory=dict)
    #: Objects that apps' samples made, by kind and person (see ``samples.prepare``).
    things: dict[tuple[str, str], Any] = field(default_factory=dict)
    untouched: dict[str, str] = field(default_factory=dict)

    def host_of(self, host: str) -> SchemaRef:
        return self.tenant if host == "tenant" else PLATFORM

    def thing_of(self, kind: str, persona: Persona) -> Any:
        """The object of a kind that was made for a person; the bystander's for a nobody."""
        return self.things.get((kind, persona.key)) or self.things[kind, "bystander"]

    def members(self) -> list[tuple[str, Member]]:
        """Everybody who has a row in the tenant, by name."""
        return [
            (key, persona.member)
            for (host, key), persona in self.people.items()
            if host == "tenant" and persona.member is not None
        ]

    @property
    def bystander(self) -> Persona:
        """The plain member: whose objects are somebody else's to everybody else."""
        return self.people["tenant", "bystander"]


@contextmanager
def undone() -> Iterator[None]:
    """A transaction that durable commands may nest in and that is always rolled back."""
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]  # as Django's own test cases do
    with atomic:
        yield
        transaction.set_rollback(True)


def build_world(makers: Iterable[Callable[[World], object]]) -> World:
    """Make everybody, and what the makers make; the caller has opened a transaction to be rolled back."""
    world = World(Tenant.objects.get(slug="acme"), Tenant.objects.get(slug="globex"))
    with audit_context(actor_label="test"):
        for role in PLATFORM_ROLES:
            _add(world, "platform", role, {ANYONE, USER, role}, role=role)
        for capability in CAPABILITIES:
            _add(world, "tenant", capability, {ANYONE, MEMBER, capability}, capabilities=[capability])
        _add(world, "tenant", "plain", {ANYONE, MEMBER})
        _add(world, "tenant", "bystander", {ANYONE, MEMBER})
        _add_nobodies(world)
        for make in makers:
            with tenant_context(world.tenant):
                make(world)
    world.untouched = checksums(world)
    return world


def _add(
    world: World,
    host: str,
    key: str,
    columns: set[str],
    *,
    role: str = Role.SUBSCRIBER,
    capabilities: list[str] | None = None,
) -> Persona:
    tenant = world.tenant if host == "tenant" else None
    user = User(
        username=f"matrix-{host}-{key}",
        email=f"matrix-{host}-{key}@example.com",
        first_name="Matrix",
        last_name=f"{host} {key}".title(),
        role=role,
        tenant=world.tenant if tenant or role in (Role.TENANT_OWNER, Role.SUBSCRIBER) else None,
    )
    user.set_unusable_password()
    user.save()
    member = None
    if tenant is not None:
        Membership.objects.create(user=user, tenant=tenant)
        with tenant_context(tenant):
            member = Member.objects.create(
                user_id=user.pk, name=user.display_name, email=user.email, capabilities=capabilities or []
            )
    where = Client(remote_addr="127.0.0.1", user_agent="matrix")
    persona = Persona(
        key=key,
        host=host,
        columns=frozenset(columns),
        user=user,
        member=member,
        tokens=open_api_session(user=user, client=where, tenant=tenant),
        browser=str(open_browser_session(user=user, client=where, tenant=tenant, seconds=3600).pk),
    )
    world.people[host, key] = persona
    return persona


def _add_nobodies(world: World) -> None:
    anyone = frozenset({ANYONE})
    gone = {host: _add(world, host, "deactivated", {ANYONE}) for host in PEOPLE}
    User.objects.filter(pk=gone["platform"].user.pk).update(is_active=False)
    Membership.objects.filter(user=gone["tenant"].user).update(is_active=False)
    for host, other in (("platform", "tenant"), ("tenant", "platform")):
        world.people[host, "anonymous"] = Persona(key="anonymous", host=host, columns=anyone)
        # On the platform's host the token of a tenant's owner; on acme's the superadmin's of the platform.
        whose = world.people[other, "owner" if other == "tenant" else "superadmin"]
        world.people[host, "stranger"] = Persona(
            key="stranger",
            host=host,
            columns=anyone,
            user=whose.user,
            tokens=whose.tokens,
            browser=whose.browser,
        )


def ask_api(world: World, persona: Persona, method: str, address: str, body: Any, query: Any) -> Any:
    """One API request with the person's access token."""
    return ask_raw(world, persona, method, address, _json(body), "application/json", query)


def ask_raw(
    world: World, persona: Persona, method: str, address: str, raw: bytes, content_type: str, query: Any
) -> Any:
    """One API request with these bytes as its body."""
    headers = {}
    if persona.tokens is not None:
        headers["HTTP_AUTHORIZATION"] = f"Bearer {persona.tokens.access}"
    return _client(world, persona).generic(
        method, address, raw, content_type=content_type, QUERY_STRING=_query(query), **headers
    )


def ask_page(world: World, persona: Persona, method: str, address: str, body: Any, query: Any) -> Any:
    """One page request with the person's browser session."""
    client = _client(world, persona)
    if persona.browser and persona.user is not None:
        with host_context(world.host_of(persona.host)):
            store = SessionStore()
            store[SESSION_KEY] = str(persona.user.pk)
            store[BACKEND_SESSION_KEY] = "shared_apps.users.backends.MemberBackend"
            store[HASH_SESSION_KEY] = persona.user.get_session_auth_hash()
            store[SESSION_ROW_KEY] = persona.browser
            store.save()
        client.cookies["sessionid"] = store.session_key
    if method == "GET":
        return client.get(address, query or {})
    return client.post(address, body or {})


def _client(world: World, persona: Persona) -> HttpClient:
    name = f"{world.tenant.slug}.localhost" if persona.host == "tenant" else "localhost"
    return HttpClient(headers={"host": name}, raise_request_exception=False)


def _json(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body, default=str).encode()


def _query(query: Mapping[str, str] | None) -> str:
    return urlencode(query or {})


def rows_written(world: World) -> int:
    """How many rows of the tenant and of the public schema this transaction has written so far, those of what
    was rolled back too: while it stays the same, no digest of any table can have changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid) "
            "+ pg_stat_get_xact_tuples_deleted(c.oid))::bigint FROM pg_catalog.pg_class c "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind = 'r' AND n.nspname IN ('public', %s)",
            [world.tenant.schema_name],
        )
        return int(cursor.fetchone()[0])


def is_untouched(world: World, written_before: int) -> bool:
    """Whether all is as it was made; the tables are read only where something was written meanwhile."""
    return rows_written(world) == written_before or checksums(world) == world.untouched


def checksums(world: World) -> dict[str, str]:
    """A digest of every table of the tenant and of the public schema: what a refusal must leave as it was."""
    digests = {}
    for place in (PLATFORM, world.tenant):
        with tenant_context(place), connection.cursor() as cursor:
            cursor.execute(_statement(place.schema_name))
            digests |= {f"{place.schema_name}.{table}": digest for table, digest in cursor.fetchall()}
    return digests


def rows_holding(world: World, text: str) -> list[str]:
    """The tables of the tenant and of the public schema in which some row holds a text."""
    found = []
    for place in (PLATFORM, world.tenant):
        with tenant_context(place), connection.cursor() as cursor:
            statement = " UNION ALL ".join(
                f'SELECT \'{table}\' WHERE EXISTS (SELECT FROM "{place.schema_name}"."{table}" t '
                f"WHERE position('{text}' in t::text) > 0)"
                for table in _tables(place.schema_name)
            )
            cursor.execute(statement)
            found += [f"{place.schema_name}.{table}" for (table,) in cursor.fetchall()]
    return found


@cache
def _statement(schema: str) -> str:
    return " UNION ALL ".join(
        f"SELECT '{table}', count(*) || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) "
        f'FROM "{schema}"."{table}" t'
        for table in _tables(schema)
    )


@cache
def _tables(schema: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s "
            "AND table_type = 'BASE TABLE' ORDER BY 1",
            [schema],
        )
        names = [str(name) for (name,) in cursor.fetchall()]
    # Candles are too many; a write to them would show in the feeds.
    return [name for name in names if not name.startswith("market_data_candle")]
