"""How a door says which row of the matrix guards it, and how tests and documents read it back.

A DRF view carries ``access``: permission by action (viewsets) or by lower-case HTTP method (plain views).
A page gets the same attribute from :func:`~shared_apps.access.pages.page`; apps that may not import this
one (core, ui) set it by hand on views that are open to anyone. Nothing declared means denied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .catalogue import get_permission, is_registered
from .personas import ANYONE

_View = TypeVar("_View", bound=Callable[..., Any])

#: Where a view keeps its declaration: permission by action or HTTP method.
ATTRIBUTE = "access"
#: Set on callable views that check their declaration themselves.
GUARDED = "access_guarded"

_assigned: dict[str, dict[str, str]] = {}


def declare(view: _View, access: Mapping[str, str]) -> _View:
    """Write permissions by HTTP method on a callable view that checks them itself."""
    setattr(view, ATTRIBUTE, dict(access))
    setattr(view, GUARDED, True)
    return view


def assign(view: str, access: Mapping[str, str]) -> None:
    """Declare a third party's view (dotted path) that cannot carry the attribute; open ones only."""
    _assigned[view] = dict(access)


def assigned(view: str) -> Mapping[str, str]:
    """What :func:`assign` said about a view, by its dotted path."""
    return _assigned.get(view, {})


def permission_for(access: Mapping[str, str], action: str | None, method: str) -> str | None:
    """The permission declared for an action, or else for an HTTP method; HEAD is asked as GET."""
    method = method.lower()
    names = [action, method] if method != "head" else [action, "head", "get"]
    return next((access[name] for name in names if name and name in access), None)


def is_open(permission: str) -> bool:
    """Whether a permission exists and everybody has it."""
    return is_registered(permission) and ANYONE in get_permission(permission).cells
