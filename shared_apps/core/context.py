"""Where we are and who acts: the one place that opens a tenant.

Two context variables, because a request has two truths. ``CURRENT`` is the schema that database
connections follow; identity look-ups leave it for the platform for a moment. ``HOST`` is the tenant
that the request's host named and never changes within a request: browser sessions, throttles, JWT keys
and signatures are keyed on it.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

PUBLIC = "public"
_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{2,40}\Z")
_REQUEST_ID = re.compile(r"[\w.:-]{1,64}\Z")


class SchemaRef(Protocol):
    """Anything that names a schema: a Tenant row, or a bare :class:`Schema`."""

    @property
    def schema_name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema known by name alone (workers, provisioning, the platform itself)."""

    schema_name: str

    def __post_init__(self) -> None:
        if self.schema_name != PUBLIC and not _SCHEMA_NAME.match(self.schema_name):
            raise ValueError(f"not a schema name: {self.schema_name!r}")


PLATFORM = Schema(PUBLIC)


@dataclass(frozen=True, slots=True)
class AuditContext:
    """What the database writes beside every change; see audit.triggers."""

    actor_id: int | None = None
    actor_email: str = ""
    actor_label: str = ""
    request_id: str = ""
    remote_addr: str | None = None
    reason: str = ""
    impersonator_id: int | None = None

    def is_bound(self) -> bool:
        """Whether somebody, a person or a named part of the system, stands behind a write."""
        return self.actor_id is not None or bool(self.actor_label)


CURRENT: ContextVar[SchemaRef] = ContextVar("tradehall_schema", default=PLATFORM)
HOST: ContextVar[SchemaRef | None] = ContextVar("tradehall_host", default=None)
AUDIT: ContextVar[AuditContext] = ContextVar("tradehall_audit", default=AuditContext())  # noqa: B039 - frozen


def current_schema() -> str:
    """Name of the schema that database work happens in now; ``public`` outside every tenant."""
    return CURRENT.get().schema_name


def current_tenant() -> SchemaRef | None:
    """The tenant we are in, or None on the platform."""
    here = CURRENT.get()
    return None if here.schema_name == PUBLIC else here


def host_schema() -> str:
    """Schema of the tenant named by the request's host; outside a request, the current schema."""
    host = HOST.get()
    return current_schema() if host is None else host.schema_name


@contextmanager
def tenant_context(tenant: SchemaRef) -> Iterator[SchemaRef]:
    """Enter a tenant. Every database cursor opened inside follows it, in this thread or task only."""
    token = CURRENT.set(tenant)
    try:
        yield tenant
    finally:
        CURRENT.reset(token)


@contextmanager
def platform_context() -> Iterator[None]:
    """Enter the platform role: identity and directory look-ups. The tenant stays a parameter."""
    token = CURRENT.set(PLATFORM)
    try:
        yield
    finally:
        CURRENT.reset(token)


@contextmanager
def fresh_context() -> Iterator[None]:
    """Start from nothing: the platform, no host, nobody acting. For doors that share a thread (workers)."""
    tokens = CURRENT.set(PLATFORM), HOST.set(None), AUDIT.set(AuditContext())
    try:
        yield
    finally:
        CURRENT.reset(tokens[0])
        HOST.reset(tokens[1])
        AUDIT.reset(tokens[2])


@contextmanager
def host_context(tenant: SchemaRef) -> Iterator[None]:
    """Declare whose host a request came in on, and enter that tenant."""
    host_token = HOST.set(tenant)
    token = CURRENT.set(tenant)
    try:
        yield
    finally:
        CURRENT.reset(token)
        HOST.reset(host_token)


@contextmanager
def audit_context(**changes: object) -> Iterator[AuditContext]:
    """Change fields of the audit context for a block, e.g. ``audit_context(actor_label="bots.engine")``."""
    context = dataclasses.replace(AUDIT.get(), **changes)  # type: ignore[arg-type]
    token = AUDIT.set(context)
    try:
        yield context
    finally:
        AUDIT.reset(token)


def bind_actor(*, actor_id: int | None, actor_email: str = "", actor_label: str = "") -> None:
    """Name the actor for the rest of the request or task; the opener of the context resets it."""
    AUDIT.set(
        dataclasses.replace(AUDIT.get(), actor_id=actor_id, actor_email=actor_email, actor_label=actor_label)
    )


def clean_request_id(value: str | None) -> str:
    """A caller's request id if it is harmless, else a new one (NUL or quotes would break every write)."""
    return value if value and _REQUEST_ID.match(value) else uuid.uuid4().hex


@lru_cache(maxsize=4096)
def clean_address(value: str | None) -> str | None:
    """A literal IP address without its scope, or None: the audit column accepts nothing else."""
    try:
        return str(ipaddress.ip_address((value or "").partition("%")[0]))
    except ValueError:
        return None
