"""The menu: each app registers its own entries in `ready()`; a person sees those that their permissions open.

The check itself belongs to the access app, which stands beside this one: it hands its function over at start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Area(StrEnum):
    """Whose menu it is."""

    TENANT = "tenant"
    PLATFORM = "platform"


GROUPS: Final[dict[str, str | Promise]] = {
    "": "",
    "trading": _("Trading"),
    "organisation": _("Organisation"),
    "tools": _("Tools"),
}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One entry. `permission` is the word of the page behind it; `mobile` puts it on the bottom bar too."""

    url_name: str
    label: str | Promise
    icon: str
    permission: str
    group: str = ""
    order: int = 100
    mobile: bool = False
    area: Area = Area.TENANT


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An item as one page shows it."""

    item: Item
    url: str
    current: bool


_items: list[Item] = []
_may_open: list[Callable[[HttpRequest, str], bool]] = []


def register(item: Item) -> None:
    """Add an entry. Raises ValueError if the group is unknown or the address is already in the menu."""
    if item.group not in GROUPS:
        raise ValueError(f"unknown menu group {item.group!r}")
    if any(known.url_name == item.url_name and known.area == item.area for known in _items):
        raise ValueError(f"{item.url_name} is in the menu already")
    _items.append(item)


def register_check(check: Callable[[HttpRequest, str], bool]) -> None:
    """Say who decides whether this request's actor may open a page. Exactly one may."""
    if _may_open:
        raise ValueError("the menu has its permission check already")
    _may_open.append(check)


def may_open(request: HttpRequest, permission: str) -> bool:
    """Whether this request's actor may open a page; without a registered check nobody may."""
    return bool(_may_open) and _may_open[0](request, permission)


def entries(request: HttpRequest, area: Area) -> list[Entry]:
    """The entries that this person may open, in order."""
    shown = [item for item in _items if item.area == area and may_open(request, item.permission)]
    shown.sort(key=lambda item: (list(GROUPS).index(item.group), item.order))
    built = [(item, reverse(item.url_name)) for item in shown]
    # The longest address that the path begins with: /bots/new/ lights Bots, not the dashboard.
    here = max((url for _item, url in built if _leads_to(request.path, url)), key=len, default=None)
    return [Entry(item=item, url=url, current=url == here) for item, url in built]


def _leads_to(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)


def grouped(shown: list[Entry]) -> list[tuple[str | Promise, list[Entry]]]:
    """The entries under their group's heading."""
    found: dict[str, list[Entry]] = {}
    for entry in shown:
        found.setdefault(entry.item.group, []).append(entry)
    return [(GROUPS[group], members) for group, members in found.items()]
