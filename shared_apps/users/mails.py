"""The e-mails about accounts: plain text, one template each, first line the subject."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.core.mail import send_mail
from django.template.loader import render_to_string

from shared_apps.core.context import Schema, tenant_context

from .models import User
from .services.passwords import reset_token
from .services.registration import join_token


@dataclass(frozen=True, slots=True)
class Place:
    """The host that a mail speaks for: where its links lead and whose key signs them."""

    origin: str
    schema: str | None
    tenant_name: str

    @property
    def name(self) -> str:
        """The organisation, or the platform itself."""
        return " ".join(self.tenant_name.split()) or "Tradehall"

    def signing(self) -> AbstractContextManager[Any]:
        """Enter the host's tenant for a signature; the database is not asked inside."""
        return nullcontext() if self.schema is None else tenant_context(Schema(self.schema))


def send_reset_link(user: User, place: Place) -> None:
    """The link by which a person sets a new password, good for an hour and once."""
    with place.signing():
        token = reset_token(user)
    _send("reset_link", user, place, link=f"{place.origin}/password/reset/confirm/?token={token}")


def send_join_link(user: User, place: Place) -> None:
    """The link by which the owner of an account joins another tenant, good for a day."""
    with place.signing():
        token = join_token(user)
    _send("join_link", user, place, link=f"{place.origin}/join/?token={token}")


def send_welcome(user: User, place: Place) -> None:
    """What a new account can do next."""
    _send("welcome", user, place, link=f"{place.origin}/login/")


def send_already_registered(user: User, place: Place) -> None:
    """Somebody tried to register with an address that is a member here already."""
    _send("already_registered", user, place, link=f"{place.origin}/login/")


def _send(template: str, user: User, place: Place, *, link: str) -> None:
    text = render_to_string(f"users/mail/{template}.txt", {"user": user, "place": place, "link": link})
    subject, _blank, body = text.partition("\n")
    send_mail(subject.strip(), body.strip() + "\n", None, [user.email])
