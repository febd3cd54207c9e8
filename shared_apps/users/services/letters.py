"""Which e-mail a mailbox gets that somebody asked a code for: decided by the worker, after the answer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from shared_apps.users import codes, queries
from shared_apps.users.codes import Purpose
from shared_apps.users.models import OneTimeCode, User
from shared_apps.users.units import identity_unit


@dataclass(frozen=True, slots=True)
class Letter:
    """A template of ``users/mail``, where it goes, whom it greets, and the code inside, if it has one.

    ``language`` is that of the page on which somebody asked.
    """

    template: str
    address: str
    user: User | None
    code: str = ""
    language: str = ""


def write_letter(code_id: UUID, schema: str) -> Letter | None:
    """Make a new code where the mailbox may have one, and say what to send; None: nothing."""
    now = timezone.now()
    with identity_unit("users.send_code"):
        row = codes.waiting(code_id, now)
        if row is None:
            return None
        user = User.objects.filter(email=row.address, is_active=True).first()
        template = _TEMPLATES[Purpose(row.purpose)](row, user)
        if template is None:
            return None
        code = codes.issue(row, schema, now) if template not in _WITHOUT_CODE else ""
    reader = user if template in _WITHOUT_CODE else row.user or user
    return Letter(template, row.address, reader, code, row.payload.get("language", ""))


def _for_registration(row: OneTimeCode, user: User | None) -> str | None:
    if user is None:
        # An account that is shut stays shut, and nobody is told.
        return None if User.objects.filter(email=row.address).exists() else "registration_code"
    belongs = row.tenant_id is None or queries.belongs_to(user.pk, row.tenant_id)
    return "already_registered" if belongs else "join_code"


def _for_reset(row: OneTimeCode, user: User | None) -> str | None:
    if user is None or (row.tenant_id is not None and not queries.belongs_to(user.pk, row.tenant_id)):
        return None
    return "reset_code"


def _for_email_change(row: OneTimeCode, user: User | None) -> str | None:
    taken = User.objects.filter(email=row.address).exclude(pk=row.user_id or 0).exists()
    return "address_taken" if taken else "email_code"


_TEMPLATES = {
    Purpose.REGISTRATION: _for_registration,
    Purpose.PASSWORD_RESET: _for_reset,
    Purpose.EMAIL_CHANGE: _for_email_change,
}
_WITHOUT_CODE = ("already_registered", "address_taken")
