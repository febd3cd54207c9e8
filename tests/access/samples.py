"""A request for every route, so that each cell of the matrix can be tried over HTTP.

An app's own requests stand in ``tests/<app>/samples.py``, which calls :func:`sample`; the test of the matrix
imports them all. A route without one fails.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .world import Persona, World

Value = Callable[["World", "Persona"], Any]
Body = Callable[["World", "Persona", Any], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """How to call one route.

    ``own``, ``other`` and ``shared`` give the value of the address's parameter (or a dict of several) for an
    object of the person's own, for somebody else's, and for somebody else's that was shared with everybody; ``params`` where the address has parameters but no object.
    ``body`` is the JSON or the form, or a function that also gets that value.
    ``acts`` is the permission that decides how far the action reaches, ``sees`` the one that decides whether
    the object is visible, where they are not the route's own and that of GET on the object's address.
    ``needs`` is a further permission that the action asks for, whatever the object.
    ``shows`` is a text that appears in a list's answer exactly when the relation goes beyond one's own rows.
    ``may`` are statuses that an allowed request may get beside success and 400; ``to_login`` says that it
    ends at the log-in page.
    """

    own: Value | None = None
    other: Value | None = None
    shared: Value | None = None
    params: dict[str, Any] | None = None
    body: Body | dict[str, Any] | None = None
    query: dict[str, str] | None = None
    acts: str = ""
    sees: str = ""
    needs: str = ""
    shows: Value | None = None
    may: frozenset[int] = frozenset()
    to_login: bool = False


@dataclass(frozen=True, kw_only=True)
class Example:
    """How the description's example of a route is sent, where the sample's own request does not succeed.

    ``body`` and ``params`` are what a :class:`Sample` has. ``before`` makes what the request needs and may
    return what the body takes from it. ``who`` names the one person who can do it. ``shown`` replaces values of
    the body in the description (secrets that differ each time). ``answers`` is the documented status that the
    example gets where no request can be prepared that succeeds; say why.
    """

    body: Body | dict[str, Any] | str | None = None
    params: dict[str, Any] | Value | None = None
    before: Callable[[World, Persona], Any] | None = None
    who: str = ""
    shown: dict[str, Any] | None = None
    answers: int | None = None


_EXAMPLES: dict[str, Example] = {}
_SAMPLES: dict[str, Sample] = {}
_FURTHER: dict[tuple[str, str], Sample] = {}
_MAKERS: list[Callable[[World], object]] = []


def sample(*routes: str, **fields: Any) -> None:
    """Register one request for routes by their keys, e.g. ``"tenant GET /api/v1/members/{pk}/"``.

    ``both GET /x/`` stands for the platform's and the tenant's host.
    """
    for route in routes:
        for key in _both(route):
            if key in _SAMPLES:
                raise ValueError(f"{key} has a sample already")
            _SAMPLES[key] = Sample(**fields)


def also(route: str, name: str, **fields: Any) -> None:
    """Register a further request for a route, whose body asks for more than the route's own permission.

    ``acts`` names the permission that decides; ``allowed`` by the route's own is taken for granted.
    """
    _FURTHER[route, name] = Sample(**fields)


def example(*routes: str, **fields: Any) -> None:
    """Register what a route's example in the API's description sends, where the sample's body will not do."""
    for route in routes:
        for key in _both(route):
            if key in _EXAMPLES:
                raise ValueError(f"{key} has an example already")
            _EXAMPLES[key] = Example(**fields)


def example_of(key: str) -> Example:
    """What was registered for a route; the sample's own request otherwise."""
    samples()
    return _EXAMPLES.get(key, Example())


def sorted_further() -> dict[tuple[str, str], Sample]:
    """The further requests by route and name."""
    samples()
    return dict(sorted(_FURTHER.items()))


def prepare(maker: Callable[[World], object]) -> Callable[[World], object]:
    """Register a function that makes objects for the samples, called inside the tenant with an actor.

    It stores them in ``world.things``; ``world.thing_of(kind, persona)`` finds them.
    """
    _MAKERS.append(maker)
    return maker


def makers() -> list[Callable[[World], object]]:
    """What apps make before the cells are tried."""
    samples()
    return _MAKERS


def _both(route: str) -> list[str]:
    host, rest = route.split(" ", 1)
    return [f"{each} {rest}" for each in (("platform", "tenant") if host == "both" else (host,))]


@cache
def samples() -> dict[str, Sample]:
    """Every app's samples by route."""
    root = Path(__file__).resolve().parents[1]
    for path in sorted([*root.glob("*/samples.py"), *root.glob("*/examples.py")]):
        if path.parent.name != "access":
            importlib.import_module(f"tests.{path.parent.name}.{path.stem}")
    return _SAMPLES


sample(
    "both GET /api/schema/", "both GET /credits/", "both GET /docs/access/", "both GET /gallery/",
    "both GET /mailbox/", "both GET /swagger/", "platform GET /",
)  # fmt: skip
sample("both GET /mailbox/{key}/", params={"key": "none"}, may=frozenset({404}))
sample("both POST /language/", body={"language": "fr", "next": "/"})
