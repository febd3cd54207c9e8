"""Who says whether a member's identity was checked: an app above registers itself."""

from __future__ import annotations

from collections.abc import Callable

from tenant_apps.members.models import Member

Check = Callable[[Member], bool]
_checks: list[Check] = []


def register(check: Check) -> None:
    """Name the function that knows whose identity was checked; called in an app's ``ready()``."""
    _checks[:] = [check]


def is_known(member: Member) -> bool:
    """Whether a member's identity was checked; nobody's where no app checks any."""
    return any(check(member) for check in _checks)
