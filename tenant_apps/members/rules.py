"""Pure decisions about members: who may give which capability, and what it presupposes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

OWNER: Final = "owner"
ADMIN: Final = "tenant_admin"

#: In one sentence each, what a capability is for; the API's catalogue shows it.
GRANTED_BY: Final[dict[str, tuple[str, ...]]] = {OWNER: (OWNER,)}
_GRANTED_BY_DEFAULT: Final = (OWNER, ADMIN)


def granted_by(capability: str) -> tuple[str, ...]:
    """Which capabilities let a member give or take this one."""
    return GRANTED_BY.get(capability, _GRANTED_BY_DEFAULT)


def grantable(actor_capabilities: Iterable[str], among: Iterable[str]) -> list[str]:
    """Which of these capabilities this actor may give, in their order."""
    holds = set(actor_capabilities)
    return [name for name in among if holds & set(granted_by(name))]


def ungrantable(actor_capabilities: Iterable[str], before: Iterable[str], after: Iterable[str]) -> list[str]:
    """The capabilities that differ and that this actor may neither give nor take, sorted."""
    holds = set(actor_capabilities)
    changed = set(before) ^ set(after)
    return sorted(name for name in changed if not holds & set(granted_by(name)))


def may_touch(actor_capabilities: Iterable[str], target_capabilities: Iterable[str]) -> bool:
    """Whether the actor may change a member at all: an owner only by an owner."""
    return OWNER not in set(target_capabilities) or OWNER in set(actor_capabilities)


def may_invite(capabilities: Iterable[str]) -> bool:
    """Whether somebody with these capabilities may still stand behind an invitation they sent."""
    return bool(set(_GRANTED_BY_DEFAULT) & set(capabilities))


PENDING: Final = "pending"
ACCEPTED: Final = "accepted"
EXPIRED: Final = "expired"
WITHDRAWN: Final = "withdrawn"
DECLINED: Final = "declined"
INVITATION_STATES: Final = (PENDING, ACCEPTED, EXPIRED, WITHDRAWN)
TRANSFER_STATES: Final = (PENDING, ACCEPTED, DECLINED, EXPIRED, WITHDRAWN)


def invitation_state(
    *, accepted_at: datetime | None, withdrawn_at: datetime | None, expires_at: datetime, now: datetime
) -> str:
    """What has become of an invitation."""
    if accepted_at is not None:
        return ACCEPTED
    if withdrawn_at is not None:
        return WITHDRAWN
    return PENDING if now < expires_at else EXPIRED


def transfer_state(
    *,
    accepted_at: datetime | None,
    declined_at: datetime | None,
    withdrawn_at: datetime | None,
    expires_at: datetime,
    now: datetime,
) -> str:
    """What has become of a proposal to hand ownership over."""
    if declined_at is not None:
        return DECLINED
    return invitation_state(
        accepted_at=accepted_at, withdrawn_at=withdrawn_at, expires_at=expires_at, now=now
    )


def after_transfer(giver: Iterable[str], taker: Iterable[str]) -> tuple[set[str], set[str]]:
    """What both may do afterwards: the taker owns, the giver goes on as an administrator."""
    return (set(giver) - {OWNER}) | {ADMIN}, set(taker) | {OWNER}


def join_link_problem(
    *, revoked_at: datetime | None, expires_at: datetime, uses: int, max_uses: int, now: datetime
) -> str:
    """Why a join link lets nobody in any more (``revoked``, ``expired``, ``used_up``), or nothing."""
    if revoked_at is not None:
        return "revoked"
    if now >= expires_at:
        return "expired"
    return "" if uses < max_uses else "used_up"
