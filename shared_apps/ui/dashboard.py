"""The dashboard's parts: each app registers its panels and its steps of the checklist in `ready()`.

A panel builds its own context and template and is fetched again by itself when the stream says that something
on one of its topics happened, so a page stays live without any app knowing another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise

from shared_apps.ui.navigation import may_open


class Place(StrEnum):
    """Where on the dashboard."""

    TILES = "tiles"
    MAIN = "main"
    ASIDE = "aside"


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One part. `build` gives the template's context for the request's actor; `topics` renew it."""

    name: str
    place: Place
    template: str
    permission: str
    build: Callable[[HttpRequest], Mapping[str, Any]]
    topics: tuple[str, ...] = ()
    order: int = 100

    @property
    def streams(self) -> str:
        """The topics to subscribe to; a panel that follows markets names them itself, one by one."""
        return " ".join(topic for topic in self.topics if topic != "market")

    @property
    def trigger(self) -> str:
        """What makes htmx fetch the panel again: at most once in two seconds."""
        return ", ".join(f"stream:{topic} from:body throttle:2s" for topic in self.topics)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the checklist that a newcomer goes through."""

    name: str
    label: str | Promise
    text: str | Promise
    action: str | Promise
    url_name: str
    permission: str
    is_done: Callable[[HttpRequest], bool]
    order: int = 100


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """The steps of one person, each with whether it is done."""

    steps: list[tuple[Step, bool]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(1 for _step, is_done in self.steps if is_done)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left (also when there was nothing to do)."""
        return self.done == len(self.steps)


_panels: dict[str, Panel] = {}
_steps: dict[str, Step] = {}


def register_panel(panel: Panel) -> None:
    """Add a panel. Raises ValueError if the name is taken."""
    if panel.name in _panels:
        raise ValueError(f"the dashboard has a panel {panel.name!r} already")
    _panels[panel.name] = panel


def register_step(step: Step) -> None:
    """Add a step of the checklist. Raises ValueError if the name is taken."""
    if step.name in _steps:
        raise ValueError(f"the checklist has a step {step.name!r} already")
    _steps[step.name] = step


def panels(request: HttpRequest, place: Place) -> list[Panel]:
    """The panels that this person may see at a place, in order."""
    shown = [item for item in _panels.values() if item.place == place and may_open(request, item.permission)]
    return sorted(shown, key=lambda item: item.order)


def panel(request: HttpRequest, name: str) -> Panel | None:
    """One panel, if it exists and this person may see it."""
    found = _panels.get(name)
    return found if found is not None and may_open(request, found.permission) else None


def checklist(request: HttpRequest) -> Checklist:
    """The steps that this person may take."""
    shown = sorted(_steps.values(), key=lambda item: item.order)
    return Checklist(
        steps=[(item, item.is_done(request)) for item in shown if may_open(request, item.permission)]
    )
