"""The e-mails about accounts: one text template each, first line the subject (core.letters)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from shared_apps.core import letters
from shared_apps.core.branding import brand_of
from shared_apps.core.context import PUBLIC
from shared_apps.core.letters import Letterhead

from .models import User
from .options import CODE_LIFETIME
from .services.addresses import undo_token
from .services.letters import Letter

#: Where the link of each e-mail leads; those with a code carry the same code (C22).
_PATHS: Final = {
    "registration_code": "/register/confirm/",
    "join_code": "/register/confirm/",
    "already_registered": "/login/",
    "reset_code": "/password/reset/confirm/",
    "email_code": "/account/email/confirm/",
    "address_taken": "/login/",
    "new_device": "/account/devices/",
    "password_changed": "/password/reset/",
    "email_changed": "/account/email/",
    "email_changed_old": "/account/email/undo/",
    "locked": "/password/reset/",
    "export_ready": "/account/data/",
    "erased": "/",
    "security_changed": "/security/",
}
#: The code of these is bound to who is signed in; their link needs no address.
_SIGNED_IN: Final = ("email_code",)


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
    carried = {"email": letter.address, "code": letter.code}
    if letter.template in _SIGNED_IN:
        del carried["email"]
    query = f"?{urlencode(carried)}" if letter.code else ""
    _send(
        letter.template,
        letter.address,
        place,
        user=letter.user,
        asked_in=letter.language,
        code=letter.code,
        minutes=int(CODE_LIFETIME.value_for(place.schema or PUBLIC).total_seconds() // 60),
        link=f"{place.origin}{_PATHS[letter.template]}{query}",
    )


def send_notice(notice: str, user: User, address: str, place: Place, details: dict[str, str]) -> None:
    """Tell a person what happened; the old address of a change gets the link that takes it back."""
    query = ""
    if notice == "email_changed_old":
        token = undo_token(user.pk, details["old"], details["new"], place.schema or PUBLIC)
        query = f"?{urlencode({'token': token})}"
    link = f"{place.origin}{_PATHS[notice]}{query}"
    _send(notice, address or user.email, place, user=user, link=link, **details)


def language_for(user: User | None, asked_in: str, place: Place) -> str:
    """The language of a letter: its reader's own, else the asking page's, else the organisation's."""
    wanted = ("" if user is None else user.language, asked_in, brand_of(place.schema or PUBLIC).language)
    known = dict(settings.LANGUAGES)
    return next((code for code in wanted if code in known), settings.LANGUAGE_CODE)


def _send(template: str, address: str, place: Place, *, asked_in: str = "", **context: Any) -> None:
    with translation.override(language_for(context["user"], asked_in, place)):
        text = render_to_string(f"users/mail/{template}.txt", {"place": place, **context})
        letters.send(text, address, Letterhead(place.name, place.schema, place.origin))
