"""The e-mails about accounts: plain text, one template each, first line the subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.core.mail import send_mail
from django.template.loader import render_to_string

from shared_apps.core.branding import sender
from shared_apps.core.context import PUBLIC

from .options import CODE_LIFETIME
from .services.letters import Letter

#: Where the link of each e-mail leads; those with a code carry the same code (C22).
_PATHS: Final = {
    "registration_code": "/register/confirm/",
    "join_code": "/register/confirm/",
    "already_registered": "/login/",
    "reset_code": "/password/reset/confirm/",
}


@dataclass(frozen=True, slots=True)
class Place:
    """The host that a mail speaks for: where its links lead."""

    origin: str
    schema: str | None
    tenant_name: str

    @property
    def name(self) -> str:
        """The organisation, or the platform itself."""
        return " ".join(self.tenant_name.split()) or "Tradehall"


def send_letter(letter: Letter, place: Place) -> None:
    """Send what :func:`services.letters.write_letter` decided on."""
    query = f"?{urlencode({'email': letter.address, 'code': letter.code})}" if letter.code else ""
    _send(
        letter.template,
        letter.address,
        place,
        user=letter.user,
        code=letter.code,
        minutes=int(CODE_LIFETIME.value_for(place.schema or PUBLIC).total_seconds() // 60),
        link=f"{place.origin}{_PATHS[letter.template]}{query}",
    )


def _send(template: str, address: str, place: Place, **context: Any) -> None:
    text = render_to_string(f"users/mail/{template}.txt", {"place": place, **context})
    subject, _blank, body = text.partition("\n")
    origin = sender(place.schema, place.name) if place.schema else None
    send_mail(subject.strip(), body.strip() + "\n", origin, [address])
