"""Proofs of identity that critical operations ask for again (F25), and what is owed before anything else.

A service that must not be done by whoever finds an open browser calls :func:`require_recent` first. Who keeps
the time of the last proof, and the pages that ask for one, belong to apps above: they register here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.core.errors import ForbiddenError

from .actors import API_TOKEN, Actor

#: How old the last proof may be.
MAX_AGE: Final = timedelta(minutes=5)


class StepUpRequired(ForbiddenError):
    """The actor may do it, after proving again who they are. ``details["methods"]`` says how."""

    def __init__(self, methods: tuple[str, ...], address: str) -> None:
        super().__init__(
            "step_up_required",
            _("Confirm that it is you: this needs a proof that is not older than five minutes."),
            details={"methods": list(methods), "confirm": address},
        )


class MustEnrol(ForbiddenError):
    """Nothing but enrolling a second factor is open to the actor here."""

    def __init__(self) -> None:
        super().__init__(
            "second_factor_required",
            _("A second factor is required here. Set one up to go on."),
            details={"enrol": _pages.enrol_api},
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """When the actor's session was last proved (None: never), and by which ways it can be proved again."""

    proved_at: datetime | None
    methods: tuple[str, ...]


@dataclass
class _Pages:
    """Where the doors lead to."""

    confirm_api: str = ""
    enrol_api: str = ""
    confirm: Callable[[HttpRequest, StepUpRequired], HttpResponse] | None = None
    enrol: Callable[[HttpRequest], HttpResponse] | None = None


_pages = _Pages()
_reader: list[Callable[[Actor], Proof]] = []


def register_reader(read: Callable[[Actor], Proof]) -> None:
    """Name the function that knows an actor's last proof; one app does so in its ``ready()``."""
    _reader[:] = [read]


def register_pages(
    *,
    confirm_api: str,
    enrol_api: str,
    confirm: Callable[[HttpRequest, StepUpRequired], HttpResponse],
    enrol: Callable[[HttpRequest], HttpResponse],
) -> None:
    """Name the API's addresses, and what a page answers to who must confirm or enrol first."""
    _pages.confirm_api, _pages.enrol_api = confirm_api, enrol_api
    _pages.confirm, _pages.enrol = confirm, enrol


def require_recent(actor: Actor, *, max_age: timedelta = MAX_AGE) -> None:
    """Go on only if the actor proved who they are within ``max_age``; asks the database.

    Raises StepUpRequired; ForbiddenError("api_token.refused") for an API token, which can prove nothing.
    Parts of the system pass.
    """
    if actor.is_system:
        return
    if actor.method == API_TOKEN:
        raise ForbiddenError(
            "api_token.refused", _("An API token cannot do this: log in with your password.")
        )
    if not _reader:
        raise RuntimeError("no app registered a reader of proofs (access.step_up.register_reader)")
    proof = _reader[0](actor)
    if proof.proved_at is None or timezone.now() - proof.proved_at > max_age:
        raise StepUpRequired(proof.methods, _pages.confirm_api)


def confirm_page(request: HttpRequest, error: StepUpRequired) -> HttpResponse:
    """The answer of a page whose service asked for a proof."""
    if _pages.confirm is None:
        raise error
    return _pages.confirm(request, error)


def enrol_page(request: HttpRequest) -> HttpResponse:
    """The answer of every page to who must enrol first."""
    if _pages.enrol is None:
        raise MustEnrol
    return _pages.enrol(request)
