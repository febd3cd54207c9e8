"""Pure decisions about members: who may give which capability, and what it presupposes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

OWNER: Final = "owner"

#: In one sentence each, what a capability is for; the API's catalogue shows it.
GRANTED_BY: Final[dict[str, tuple[str, ...]]] = {OWNER: (OWNER,)}
_GRANTED_BY_DEFAULT: Final = (OWNER, "tenant_admin")


def granted_by(capability: str) -> tuple[str, ...]:
    """Which capabilities let a member give or take this one."""
    return GRANTED_BY.get(capability, _GRANTED_BY_DEFAULT)


def ungrantable(actor_capabilities: Iterable[str], before: Iterable[str], after: Iterable[str]) -> list[str]:
    """The capabilities that differ and that this actor may neither give nor take, sorted."""
    holds = set(actor_capabilities)
    changed = set(before) ^ set(after)
    return sorted(name for name in changed if not holds & set(granted_by(name)))


def may_touch(actor_capabilities: Iterable[str], target_capabilities: Iterable[str]) -> bool:
    """Whether the actor may change a member at all: an owner only by an owner."""
    return OWNER not in set(target_capabilities) or OWNER in set(actor_capabilities)
