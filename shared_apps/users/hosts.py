"""The host of a request as identity sees it: a tenant that is a parameter, never the context."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.http import HttpRequest

from shared_apps.core.context import AUDIT, PUBLIC, tenant_context

_USER_AGENT_LENGTH = 255


class HostTenant(Protocol):
    """What identity needs to know of the tenant whose host was called (a tenants.Tenant)."""

    @property
    def pk(self) -> Any: ...
    @property
    def uuid(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def slug(self) -> str: ...
    @property
    def schema_name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from: a literal address or None, and what the program calls itself.

    ``origin`` is the host it was sent to (``https://acme.example.com``), for links in e-mails.
    """

    remote_addr: str | None = None
    user_agent: str = ""
    origin: str = ""


def host_tenant(request: HttpRequest) -> HostTenant | None:
    """The tenant of the request's host; None on the platform's host."""
    tenant: HostTenant = request.tenant  # type: ignore[attr-defined]
    return None if tenant.schema_name == PUBLIC else tenant


def id_of(tenant: HostTenant | None) -> Any:
    """The tenant's primary key for a filter; None, on the platform's host, finds rows of no tenant."""
    return None if tenant is None else tenant.pk


def client_of(request: HttpRequest) -> Client:
    """The client behind a request; its address is the one that the audit log names."""
    agent = request.headers.get("User-Agent", "").replace("\x00", "")
    origin = f"{request.scheme}://{request.get_host()}"
    return Client(AUDIT.get().remote_addr, agent[:_USER_AGENT_LENGTH], origin)


def inside(tenant: HostTenant | None) -> AbstractContextManager[Any]:
    """Enter a host's tenant in the middle of a platform transaction; nothing to enter on the platform.

    Events of a tenant's host are told inside it: they belong to its log.
    """
    return nullcontext() if tenant is None else tenant_context(tenant)
