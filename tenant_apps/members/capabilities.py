"""The catalogue of capabilities: what each is for, and what must hold before a member gets it (F30).

Apps above register what only they can check (verified e-mail, identity, payouts); without a registered
prerequisite a capability is given by decision alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import all_permissions
from shared_apps.core.background import enqueue
from shared_apps.core.context import platform_context
from shared_apps.core.events import Event, subscribe

from . import rules
from .models import Capability, Member


@dataclass(frozen=True, slots=True)
class MissingStep:
    """What a member has to do before they get a capability: in words, and where, if there is a page."""

    key: str
    text: str | Promise
    url: str = ""


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Something that must be true of a member. ``missing`` asks the database and answers with the step that
    is still to be taken, or None; it is called inside the tenant.

    Where an event of ``told_by`` (it has a ``user_id``) says that the answer may be another one now, the
    person's capabilities are settled anew: what waited comes into force, what lapsed waits.
    """

    key: str
    label: str | Promise
    missing: Callable[[Member], MissingStep | None]
    told_by: tuple[type[Event], ...] = ()


DESCRIPTIONS: dict[str, str | Promise] = {
    Capability.OWNER: _("Answers for the organisation: settings, members, and who else owns it."),
    Capability.TENANT_ADMIN: _("Runs the organisation day by day: members and their capabilities."),
    Capability.TENANT_AUDITOR: _("Reads everything, the log too, and changes nothing."),
    Capability.VERIFIER: _("Examines cards before they change hands."),
    Capability.SELLER: _("Offers cards for sale."),
    Capability.BUYER: _("Buys cards."),
    Capability.TRADER: _("Trades on accounts of their own and runs bots."),
    Capability.AFFILIATE: _("Brings new members and shares in what they pay."),
}

_prerequisites: dict[str, dict[str, Prerequisite]] = {}


def register_prerequisite(capability: str, prerequisite: Prerequisite) -> None:
    """Demand something of every member who is to get a capability."""
    _prerequisites.setdefault(Capability(capability), {})[prerequisite.key] = prerequisite
    for event_class in prerequisite.told_by:
        subscribe(event_class, _settle_later)


def prerequisites_of(capability: str) -> list[Prerequisite]:
    """What a capability presupposes, in order of registration."""
    return list(_prerequisites.get(capability, {}).values())


def missing_for(member: Member, capability: str) -> list[MissingStep]:
    """The steps that this member has still to take before they get a capability; empty: none."""
    found = (each.missing(member) for each in prerequisites_of(capability))
    return [step for step in found if step is not None]


@dataclass(frozen=True, slots=True)
class Requirement:
    """How a member stands to one capability: ``held``, ``waiting`` (decided, steps missing) or ``open``."""

    capability: str
    state: str
    missing: list[MissingStep]


def requirements(member: Member) -> list[Requirement]:
    """What this member has still to do before each capability."""
    found = []
    for capability in Capability.values:
        state = "held" if capability in member.capabilities else "open"
        if capability in member.waiting_capabilities:
            state = "waiting"
        found.append(Requirement(capability, state, missing_for(member, capability)))
    return found


def _settle_later(event: Event) -> None:
    """Settle the person's capabilities in each of their tenants, after this transaction."""
    with platform_context():
        enqueue("members.settle_capabilities", user_id=event.user_id)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """One capability as the API and the pages show it."""

    name: str
    label: str
    description: str
    granted_by: list[str]
    prerequisites: list[dict[str, str]]
    permissions: list[dict[str, str]]


def catalogue() -> list[RoleEntry]:
    """Every capability with its labels, prerequisites and rows of the matrix, in the current language."""
    return [
        RoleEntry(
            name=str(capability.value),
            label=str(capability.label),
            description=str(DESCRIPTIONS[capability]),
            granted_by=list(rules.granted_by(capability)),
            prerequisites=[
                {"key": each.key, "label": str(each.label)} for each in prerequisites_of(capability)
            ],
            permissions=[
                {"name": row.name, "label": str(row.label), "relation": row.cells[capability].name.lower()}
                for row in all_permissions()
                if capability in row.cells
            ],
        )
        for capability in Capability
    ]
