"""Which objects can be shared with single members; the apps that own them register their kinds.

A share is a grant of the kind's reading permission on one object (django-guardian's row). It opens that
object to somebody whose capabilities open objects of the kind at all, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, Q
from django.utils.functional import Promise

from shared_apps.access.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Shareable:
    """A kind of object. ``view`` is the permission that a share grants, ``share`` the one that it takes to
    give and take shares, ``see_shares`` to read them; ``own(actor)`` finds the actor's own objects and
    ``owner`` the member to whom one belongs."""

    kind: str
    label: str | Promise
    model: type[Model]
    view: str
    share: str
    see_shares: str
    own: Callable[[Actor], Q]
    owner: Callable[[Any], UUID]


_kinds: dict[str, Shareable] = {}


def register_shareable(shareable: Shareable) -> None:
    """Let objects of a kind be shared; called in the app's ``ready()``."""
    _kinds[shareable.kind] = shareable


def get_shareable(kind: str) -> Shareable:
    """A kind by its name. Raises KeyError."""
    return _kinds[kind]
