"""How an organisation shows itself. The app that stores it registers who knows it.

Pages read ``brand`` of their template context, e-mails :func:`sender` and ``brand_of(schema).language``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formataddr, parseaddr

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Brand:
    """What an organisation chose; empty texts stand for the platform's own.

    ``stylesheet`` and ``logo`` are addresses on the organisation's host, ``sender_name`` stands before the
    address of its e-mails, ``language`` and ``time_zone`` count where a person chose none.
    ``accent`` and ``on_accent`` are colours (``#2344b5``) of what has no style sheet: e-mails.
    """

    sender_name: str = ""
    stylesheet: str = ""
    logo: str = ""
    language: str = ""
    time_zone: str = ""
    currency: str = "EUR"
    accent: str = ""
    on_accent: str = ""


class _Source:
    brand_of: Callable[[str], Brand] | None = None


def register_brand(brand_of: Callable[[str], Brand]) -> None:
    """Name the look-up by schema; it must be fast and never raise. The last call wins."""
    _Source.brand_of = staticmethod(brand_of)


def brand_of(schema: str) -> Brand:
    """The brand of the tenant with that schema; of ``public`` the platform's own."""
    return Brand() if _Source.brand_of is None else _Source.brand_of(schema)


def sender(schema: str, name: str) -> str:
    """The From of an organisation's e-mails: its sender name, else ``name``, with the platform's address."""
    _platform, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((brand_of(schema).sender_name or " ".join(name.split()), address))
