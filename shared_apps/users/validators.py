"""What the fields of a person take, for the API and the pages alike."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

#: Digits with the signs people put between them; the country's code first where there is one (E.164: 15).
_PHONE = re.compile(r"\+?[0-9](?:[0-9 ().\-/]{0,18}[0-9])?\Z")
_FIRST_BIRTH_DATE = dt.date(1900, 1, 1)


def validate_phone_number(value: str) -> None:
    """A telephone number as people write one."""
    if not _PHONE.match(value):
        raise ValidationError(_("A telephone number has digits, blanks and + ( ) - . / only."), "phone")


def validate_birth_date(value: dt.date) -> None:
    """A day between 1900 and today."""
    if not _FIRST_BIRTH_DATE <= value <= timezone.localdate():
        raise ValidationError(_("The date must lie between 1900 and today."), "birth_date")


def validate_language(value: str) -> None:
    """A language that the pages have."""
    if value not in dict(settings.LANGUAGES):
        raise ValidationError(_("The pages do not have this language."), "language")


@cache
def time_zones() -> tuple[str, ...]:
    """Every place of the time zone database, without its technical names."""
    areas = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/",
             "Indian/", "Pacific/")  # fmt: skip
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(areas)))


def validate_time_zone(value: str) -> None:
    """A name of the time zone database (``Europe/Paris``)."""
    if value not in time_zones():
        raise ValidationError(_("There is no such time zone."), "time_zone")


def validate_plain(value: str) -> None:
    """One line without control characters."""
    if not value.isprintable():
        raise ValidationError(_("Use letters, digits and signs on one line only."), "not_plain")
