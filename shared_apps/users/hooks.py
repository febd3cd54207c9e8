"""What apps above do when a person joins a tenant, takes their data along, or is erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

from django.db import models

from shared_apps.core.context import tenant_context

from .hosts import HostTenant
from .models import User


class JoinHook(Protocol):
    """Work inside the tenant that a person joins, in the transaction that lets them in; idempotent."""

    def __call__(self, *, user: User) -> object: ...


#: Rows that are read at once for an export.
_PIECE: Final = 1_000
_hooks: dict[str, JoinHook] = {}


def register_join_hook(name: str, function: JoinHook) -> None:
    """Add work for every person who joins a tenant; called in an app's ``ready()``."""
    _hooks[name] = function


def run_join_hooks(user: User, tenant: HostTenant) -> None:
    """Step: run all hooks inside the tenant, in order of registration."""
    with tenant_context(tenant):
        for hook in _hooks.values():
            hook(user=user)


#: Named parts of somebody's data; a part is rows of JSON-like dictionaries, read as they are written.
Sections = Iterator[tuple[str, Iterable[dict[str, Any]]]]


class LeaveCheck(Protocol):
    """Raises DomainError inside a tenant that cannot do without the person (its last owner)."""

    def __call__(self, *, user_id: int) -> None: ...


class EraseHook(Protocol):
    """Makes a person nobody inside a tenant, in the transaction of the erasure; idempotent.

    ``label`` and ``address`` take the place of name and e-mail where a row must have some.
    """

    def __call__(self, *, user_id: int, label: str, address: str) -> None: ...


_leave_checks: list[LeaveCheck] = []
_erase_hooks: dict[str, EraseHook] = {}
_public_erase_hooks: dict[str, Callable[[int], object]] = {}
_sections: dict[str, Callable[[int], Sections]] = {}


def register_leave_check(check: LeaveCheck) -> None:
    """Add a reason for which a tenant cannot let a person go."""
    _leave_checks.append(check)


def register_erase_hook(name: str, function: EraseHook) -> None:
    """Add what has to be forgotten of a person inside each of their tenants."""
    _erase_hooks[name] = function


def register_public_erase_hook(name: str, function: Callable[[int], object]) -> None:
    """Add what has to be forgotten of a person in public tables; called with the user's id."""
    _public_erase_hooks[name] = function


def register_sections(name: str, function: Callable[[int], Sections]) -> None:
    """Add what a tenant knows of a person to "download my data"; called inside the tenant."""
    _sections[name] = function


def check_leaving(user_id: int, tenant: HostTenant) -> None:
    """Step: ask everybody whether a tenant can let a person go. Raises DomainError."""
    with tenant_context(tenant):
        for check in _leave_checks:
            check(user_id=user_id)


def run_erase_hooks(user_id: int, tenant: HostTenant, *, label: str, address: str) -> None:
    """Step: forget a person inside a tenant."""
    with tenant_context(tenant):
        for hook in _erase_hooks.values():
            hook(user_id=user_id, label=label, address=address)


def run_public_erase_hooks(user_id: int) -> None:
    """Step: forget a person in public tables; in the platform role."""
    for hook in _public_erase_hooks.values():
        hook(user_id)


def sections_of(user_id: int) -> Sections:
    """Everything that the tenant we are in knows of a person, part by part."""
    for function in _sections.values():
        yield from function(user_id)


def rows_in_pieces(rows: models.QuerySet[Any]) -> Iterator[dict[str, Any]]:
    """Rows for a part, read by primary key: a long history is never in memory as a whole.

    Columns that the audit masks are secrets and stay out.
    """
    masked = getattr(rows.model, "audit_masked", ())
    columns = [field.attname for field in rows.model._meta.concrete_fields if field.name not in masked]
    last = None
    while True:
        piece = rows if last is None else rows.filter(pk__gt=last)
        page = list(piece.order_by("pk").values("pk", *columns)[:_PIECE])
        for row in page:
            last = row.pop("pk")
            yield row
        if len(page) < _PIECE:
            return
