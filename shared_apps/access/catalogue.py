"""The matrix as data: permission × role or capability → relation.

Each app registers its rows in ``permissions.py``, which this app's ``ready()`` imports. Doors name a row and
never a role; what is not registered is denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from shared_apps.core.errors import ForbiddenError

from .actors import Actor
from .personas import ANYONE, AUDITORS, COLUMNS, MEMBER, USER

_NAME = re.compile(r"[a-z_]+\.([a-z]+)_[a-z_]+\Z")
#: First words of permissions that change nothing.
READING_VERBS = frozenset({"view", "browse", "export", "verify", "use", "check"})


class Relation(IntEnum):
    """How far a permission reaches; the widest of an actor's cells counts."""

    OWN = 1
    """The actor's own rows, and single rows that somebody shared with them."""
    TENANT = 2
    """Every row of the tenant."""
    PLATFORM = 3
    """Every row of the platform."""
    ANYONE = 4
    """Open to everybody: the rows are nobody's in particular."""


@dataclass(frozen=True, slots=True)
class Permission:
    """A row of the matrix.

    ``name`` is ``app.verb_noun`` and the word of the audit log, ``label`` what a person reads, ``cells``
    the relation by column of :mod:`.personas`. ``model`` (``"app.Model"``) makes single objects of that
    model shareable under this permission; the model belongs to the permission's app. ``personal`` marks
    what everybody reads or changes of themselves (password, sessions), auditors too: the rows are found by
    who one is, so its relations are OWN. ``all_or_nothing`` marks what is only asked whether, and never of
    which row: a relation of OWN would reach everything there, so none may stand.
    """

    name: str
    label: str | Promise
    cells: Mapping[str, Relation] = field(default_factory=dict)
    model: str = ""
    personal: bool = False
    all_or_nothing: bool = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(f"a permission is called app.verb_noun, not {self.name!r}")
        if unknown := sorted(set(self.cells) - set(COLUMNS)):
            raise ValueError(f"{self.name}: no such column: {', '.join(unknown)}")
        if self.personal and set(self.cells.values()) != {Relation.OWN}:
            raise ValueError(f"{self.name}: what is personal reaches one's own rows only")
        if self.all_or_nothing and Relation.OWN in self.cells.values():
            raise ValueError(f"{self.name}: nothing is one's own there, so nobody gets only that")
        includes_auditors = () if self.reads or self.personal else (*AUDITORS, USER, MEMBER)
        if writers := sorted(set(self.cells).intersection(includes_auditors)):
            raise ValueError(f"{self.name}: auditors may only read (F29), so not {', '.join(writers)}")
        if self.model and self.model.split(".")[0] != self.app_label:
            raise ValueError(f"{self.name}: objects of {self.model} are shared by their own app")
        object.__setattr__(self, "cells", MappingProxyType(dict(self.cells)))

    @property
    def app_label(self) -> str:
        return self.name.split(".")[0]

    @property
    def codename(self) -> str:
        """The second half of the name: Django's and guardian's codename."""
        return self.name.split(".")[1]

    @property
    def reads(self) -> bool:
        """Whether this permission changes nothing, judged by its verb."""
        return self.codename.split("_")[0] in READING_VERBS


#: Areas that no API token reaches: people, their credentials, the admin.
CLOSED_AREAS = frozenset({"users", "factors", "sso", "console"})
#: The exception: a program may ask whose token it shows.
_OPEN_TO_TOKENS = frozenset({"users.view_self"})


def in_scope(permission: Permission, scopes: frozenset[str] | None) -> bool:
    """Whether an actor with these scopes may use a permission; None: no token, no limit.

    A scope is ``area:read`` or ``area:write``, the area being the permission's app; writing includes reading.
    """
    if scopes is None or permission.name in _OPEN_TO_TOKENS:
        return True
    area = permission.app_label
    if area in CLOSED_AREAS:
        return False
    return f"{area}:write" in scopes or (permission.reads and f"{area}:read" in scopes)


class UnknownPermission(LookupError):
    """A door named a permission that no app registered."""


_rows: dict[str, Permission] = {}


def register(*permissions: Permission) -> None:
    """Add rows to the matrix; a name can be taken once."""
    for permission in permissions:
        if permission.name in _rows:
            raise ValueError(f"{permission.name} is registered twice")
        _rows[permission.name] = permission


def is_registered(name: str) -> bool:
    """Whether the matrix has a row of this name."""
    return name in _rows


def get_permission(name: str) -> Permission:
    """The row of that name. Raises :class:`UnknownPermission`."""
    try:
        return _rows[name]
    except KeyError:
        raise UnknownPermission(name) from None


def all_permissions() -> list[Permission]:
    """Every row, sorted by name."""
    return sorted(_rows.values(), key=lambda row: row.name)


def widest(cells: Mapping[str, Relation], columns: Iterable[str]) -> Relation | None:
    """The farthest-reaching relation among the cells of these columns, or None."""
    return max((cells[column] for column in columns if column in cells), default=None)


def can(actor: Actor, permission: str) -> Relation | None:
    """How far the actor may go with a permission, or None: not at all."""
    row = get_permission(permission)
    if actor.is_system:
        return Relation.PLATFORM if actor.on_platform else Relation.TENANT
    if not in_scope(row, actor.scopes) or (actor.only is not None and permission not in actor.only):
        return row.cells.get(ANYONE)
    return widest(row.cells, actor.columns)


def reaches(actor: Actor, permission: str, is_own: bool) -> bool:
    """Whether a permission covers one object, which is the actor's own or is not: for links and buttons."""
    relation = can(actor, permission)
    return relation is not None and (is_own or relation > Relation.OWN)


def require(actor: Actor, permission: str) -> Relation:
    """The same, raising ForbiddenError (403) where the matrix has no cell."""
    relation = can(actor, permission)
    if relation is None:
        raise ForbiddenError(
            "access.denied",
            _("You do not have permission to perform this action."),
            details={"permission": permission},
        )
    return relation
