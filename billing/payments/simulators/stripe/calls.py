"""Handlers and how they are found: each is bound to an operation of the SDK."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .books import Books, Doc
from .operations import Operation, operation


class Asked(dict[str, Any]):
    """Parameters of a request, which know whether anybody looked at them: none may be ignored."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.seen = {"expand"}

    def __getitem__(self, name: str) -> Any:
        self.seen.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.seen.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.seen.add(str(name))
        return super().__contains__(name)

    def ignored(self) -> list[str]:
        """What nobody looked at."""
        return sorted(self.keys() - self.seen)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, found right: ``ids`` from the path, ``params`` of the types that Stripe declares."""

    ids: tuple[str, ...]
    params: Asked
    publishable: bool = False
    client_secret: str = ""

    @property
    def id(self) -> str:
        """The first id of the path."""
        return self.ids[0]


Handler = Callable[[Books, Call], Doc]


@dataclass(frozen=True, slots=True)
class Route:
    """A handler at its place."""

    operation: Operation
    pattern: re.Pattern[str]
    handler: Handler


ROUTES: list[Route] = []


def handles(name: str) -> Callable[[Handler], Handler]:
    """The decorated function answers ``client.v1.<name>``."""

    def register(handler: Handler) -> Handler:
        found = operation(name)
        ROUTES.append(Route(found, found.pattern, handler))
        # Fixed paths (/v1/invoices/create_preview) before those with an id in their place.
        ROUTES.sort(key=lambda route: route.operation.path.count("{"))
        return handler

    return register


def route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Who answers, and the ids in the path."""
    for each in ROUTES:
        if each.operation.method == method:
            found = each.pattern.match(path)
            if found:
                return each, found.groups()
    return None


def read_form(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """``items[0][price]=x`` as nested hashes. Raises ValueError for what has two meanings."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        first, rest = re.match(r"([^\[]*)(.*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
        keys = [first, *re.findall(r"\[([^\]]*)\]", rest)]
        place = root
        for key in keys[:-1]:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise ValueError(name)
        if keys[-1] in place:
            raise ValueError(name)
        place[keys[-1]] = value
    return root
