"""One-time codes: six digits by e-mail that prove a mailbox (S3-111, C22).

A row is bound to its purpose, host, address and person, and waits for a code from the moment that somebody
asks; the worker that writes the e-mail makes the code and stores only its HMAC under the project's key. So
the request does the same work for known and unknown addresses, and no queue ever holds a code. A new code
replaces the old one, a right one is spent, five wrong ones end the row's code.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from shared_apps.core import signing, throttling
from shared_apps.core.background import enqueue
from shared_apps.core.context import PUBLIC
from shared_apps.core.errors import DomainError, TooManyRequestsError
from shared_apps.core.ids import uuid7

from .hosts import HostTenant, host_tenant, id_of
from .models import OneTimeCode, User
from .options import CODE_DIGITS, CODE_LIFETIME, CODE_TRIES, PENDING_LIFETIME

_KEY = "one-time-code"
Purpose = OneTimeCode.Purpose


@dataclass(frozen=True, slots=True)
class Host:
    """The host that asked: where links lead, in JSON that a task can carry."""

    origin: str
    tenant: HostTenant | None

    def as_arguments(self) -> dict[str, Any]:
        return {
            "origin": self.origin,
            "schema": None if self.tenant is None else self.tenant.schema_name,
            "tenant_name": "" if self.tenant is None else self.tenant.name,
        }


def host_of(request: HttpRequest) -> Host:
    """The host that a request came in on."""
    return Host(f"{request.scheme}://{request.get_host()}", host_tenant(request))


def require_send_left(purpose: str, address: str) -> None:
    """Count one e-mail with a code to an address, known or not; raises TooManyRequestsError."""
    seconds = throttling.hit("one_time_code", purpose, address)
    if seconds is None:
        return
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many codes were asked for. Ask again in %(minutes)s minute.",
        "Too many codes were asked for. Ask again in %(minutes)s minutes.",
        minutes,
    )
    raise TooManyRequestsError("auth.too_many_codes", text % {"minutes": minutes}, retry_after=seconds)


def ask(
    purpose: str, *, address: str, host: Host, user: User | None = None, payload: dict[str, Any] | None = None
) -> UUID:
    """Step: have a code sent to an address; what was asked for before, for the same, is forgotten.

    ``payload`` (JSON) is kept until the code is brought and never logged. Returns the row's id.
    """
    _waiting(purpose, address, host.tenant, user).delete()
    row = OneTimeCode(
        purpose=purpose,
        tenant_id=id_of(host.tenant),
        user=user,
        address=address,
        payload={**(payload or {}), "language": get_language() or ""},
        expires_at=timezone.now() + CODE_LIFETIME.value(),
    )
    row.save(force_insert=True)
    code_id: UUID = row.pk
    enqueue("users.send_code", code_id=code_id, **host.as_arguments())
    return code_id


def ask_again(purpose: str, *, address: str, host: Host, user: User | None = None) -> None:
    """Step: a new code for what waits at an address; the same work where nothing does."""
    rows = _waiting(purpose, address, host.tenant, user)
    found = rows.order_by("-created_at").values_list("pk", flat=True).first()
    enqueue("users.send_code", code_id=found or uuid7(), **host.as_arguments())


def waiting(code_id: UUID, now: datetime) -> OneTimeCode | None:
    """The row behind a task, locked, unless it was spent, replaced or forgotten meanwhile."""
    rows = OneTimeCode.objects.select_for_update(of=("self",)).filter(pk=code_id)
    return rows.filter(created_at__gt=now - PENDING_LIFETIME.value()).first()


def issue(row: OneTimeCode, schema: str, now: datetime) -> str:
    """Step: a new code for a locked row, to be sent at once; the one before is dead.

    ``schema`` is that of the host which asked: its tenant says how long a code holds.
    """
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    row.code_hash = signing.mac(_KEY, PUBLIC, _message(row, code))
    row.tries_left, row.expires_at = CODE_TRIES.value_for(schema), now + CODE_LIFETIME.value_for(schema)
    row.save(update_fields=["code_hash", "tries_left", "expires_at"])
    return code


def match(
    purpose: str,
    *,
    address: str,
    code: str,
    tenant: HostTenant | None,
    user: User | None = None,
    code_id: UUID | None = None,
) -> OneTimeCode | None:
    """Step: the row that a code belongs to, locked; None for a wrong, old or dead one, which is counted.

    ``code_id`` narrows it to what this very browser asked for. The caller commits either way and then calls
    :func:`spend` or raises :func:`wrong`.
    """
    rows = _waiting(purpose, address, tenant, user)
    if code_id is not None:
        rows = rows.filter(pk=code_id)
    now = timezone.now()
    live = list(
        rows.filter(expires_at__gt=now, tries_left__gt=0).order_by("pk").select_for_update(of=("self",))
    )
    given = "".join(code.split())
    for row in live:
        if row.code_hash and signing.mac_is_valid(_KEY, PUBLIC, _message(row, given), row.code_hash):
            return row
    _count_wrong(live)
    return None


def spend(row: OneTimeCode) -> None:
    """Step: a code is good once, and all that waited beside it for the same thing goes with it."""
    same: dict[str, Any] = {
        "purpose": row.purpose, "tenant_id": row.tenant_id, "user_id": row.user_id, "address": row.address,
    }  # fmt: skip
    OneTimeCode.objects.filter(**same).delete()


def wrong() -> DomainError:
    """The one answer to every code that does not hold."""
    return DomainError(
        "auth.code_wrong",
        _("This code is wrong or too old. Look for the newest e-mail, or ask for a new code."),
        field="otp",
    )


def forget_old(before: datetime) -> int:
    """Step: delete what nobody confirmed. Returns how many."""
    return OneTimeCode.objects.filter(created_at__lt=before).delete()[0]


def _count_wrong(rows: Iterable[OneTimeCode]) -> None:
    keys = [row.pk for row in rows]
    OneTimeCode.objects.filter(pk__in=keys).update(tries_left=F("tries_left") - 1)


def _waiting(
    purpose: str, address: str, tenant: HostTenant | None, user: User | None
) -> QuerySet[OneTimeCode]:
    return OneTimeCode.objects.filter(
        purpose=purpose,
        address=address,
        tenant_id=id_of(tenant),
        user=user,
        created_at__gt=timezone.now() - PENDING_LIFETIME.value(),
    )


def _message(row: OneTimeCode, code: str) -> bytes:
    return f"{row.pk}|{row.purpose}|{row.tenant_id}|{row.user_id}|{row.address}|{code}".encode()
