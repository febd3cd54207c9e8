"""Other ways to log in that the log-in page offers; apps above register theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class LoginOption:
    """A link on the log-in page; ``url`` takes ``?next=``."""

    label: str
    url: str
    icon: str


_sources: list[Callable[[HttpRequest], LoginOption | None]] = []


def register(source: Callable[[HttpRequest], LoginOption | None]) -> None:
    """Add a way; the function says whether this host has it. Called in ``ready()``."""
    if source not in _sources:
        _sources.append(source)


def options_of(request: HttpRequest) -> list[LoginOption]:
    """The ways of this host besides the password."""
    return [option for source in _sources if (option := source(request)) is not None]
