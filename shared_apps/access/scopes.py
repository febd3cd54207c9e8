"""What a personal API token may be given: areas of the matrix, to read or to write as well (F22)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .actors import Actor
from .catalogue import CLOSED_AREAS, all_permissions, can
from .personas import ANYONE

READ, WRITE = "read", "write"

_LABELS: dict[str, str | Promise] = {
    "access": _("Access matrix"),
    "audit": _("Audit log"),
    "bots": _("Bots"),
    "core": _("Operation of the service"),
    "market_data": _("Market data"),
    "members": _("Members"),
    "tenants": _("Organisation"),
    "todos": _("To-dos"),
    "trading": _("Orders and positions"),
    "trading_accounts": _("Trading accounts"),
    "wallet": _("Wallet"),
}


@dataclass(frozen=True, slots=True)
class Area:
    """One area as somebody may grant it; ``can_write`` where they may change something in it."""

    name: str
    label: str
    can_write: bool

    @property
    def scopes(self) -> list[str]:
        """The scopes that it offers."""
        return [f"{self.name}:{READ}", *([f"{self.name}:{WRITE}"] if self.can_write else [])]


def area_label(name: str) -> str:
    """What people call an area."""
    return str(_LABELS.get(name, name.replace("_", " ").capitalize()))


def grantable_areas(actor: Actor) -> list[Area]:
    """The areas in which the actor may do something now that not everybody may, by label."""
    found: dict[str, bool] = {}
    for row in all_permissions():
        area = row.app_label
        if area in CLOSED_AREAS or ANYONE in row.cells or can(actor, row.name) is None:
            continue
        found[area] = found.get(area, False) or not row.reads
    areas = [Area(name, area_label(name), writes) for name, writes in found.items()]
    return sorted(areas, key=lambda area: area.label)


def ungrantable(actor: Actor, scopes: Iterable[str]) -> list[str]:
    """The scopes among these that the actor has nothing to put into, or that do not exist."""
    offered = {scope for area in grantable_areas(actor) for scope in area.scopes}
    return sorted(set(scopes) - offered)
