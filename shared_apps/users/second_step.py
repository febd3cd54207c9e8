"""The step between a correct password and a session, for people with a second factor.

The factors belong to an app above, which registers itself here. Sessions are opened in one place
(``services.login``), which asks :func:`is_due`: no door can forget it (attack table, row 14).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from shared_apps.access.actors import Actor

from .hosts import HostTenant


class Proof(Enum):
    """What a new session rests on."""

    PASSWORD = "password"  # noqa: S105 - a way to prove oneself
    SECOND_FACTOR = "second_factor"
    """A second factor, or a passkey, which is two in one."""
    HANDED_OVER = "handed_over"
    """A session on another host vouches for the person, who has proved nothing here."""
    VOUCHED = "vouched"
    """An organisation's identity provider vouches for the person: that is its word, in its own house. It does
    not stand in for a second factor, and is no proof to anybody else."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a client needs for the second step: a token good for ``expires_in`` seconds, and the ways."""

    token: str
    methods: tuple[str, ...]
    expires_in: int


class SecondStep(Protocol):
    """What the app of the factors does for log-ins."""

    def is_due(self, user_id: int) -> bool:
        """Whether the person has a second factor."""

    def begin(self, user_id: int, tenant: HostTenant | None) -> Challenge:
        """A challenge for somebody whose password was right."""

    def limit(self, actor: Actor) -> Actor:
        """The actor, or what is left of them while they owe a second factor."""

    @property
    def page(self) -> str:
        """Name of the page of the second step."""


_registered: list[SecondStep] = []


class SecondStepDue(Exception):
    """A page's log-in is half done: the second step waits under :attr:`page`."""

    def __init__(self, page: str) -> None:
        super().__init__(page)
        self.page = page


def register(step: SecondStep) -> None:
    """Name the app's object; in its ``ready()``."""
    _registered[:] = [step]


def registered() -> SecondStep | None:
    """The object, None where no app keeps second factors."""
    return _registered[0] if _registered else None


def is_due(user_id: int) -> bool:
    """Whether a session of this person needs a second factor; in the platform role."""
    return bool(_registered) and _registered[0].is_due(user_id)


def challenge_for(user_id: int, tenant: HostTenant | None) -> Challenge | None:
    """The challenge that a person with a right password must meet, None where none is due."""
    step = registered()
    return step.begin(user_id, tenant) if step is not None and step.is_due(user_id) else None


def limited(actor: Actor) -> Actor:
    """The actor as far as they may act before enrolling what is required of them."""
    return _registered[0].limit(actor) if _registered else actor
