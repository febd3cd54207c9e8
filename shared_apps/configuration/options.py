"""The brand and region of an organisation, as options: so they have history, bounds and a way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import available_timezones

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.core.errors import DomainError
from shared_apps.core.money import MINOR_DIGITS
from shared_apps.core.options import Option, Scope, register

from . import rules

SENDER_LENGTH = 80
_LOGO = re.compile(r"(brand/logo-[0-9a-f]{32}\.png)?\Z")


def _readable_in(theme: str) -> Callable[[str], None]:
    def check(colour: str) -> None:
        if not colour:
            return
        if not rules.is_colour(colour):
            raise _refusal("colour", _("A colour is written like #2344b5."))
        made = rules.palette(colour, theme)
        if not made.readable:
            suggestion = rules.readable_accent(colour, theme)
            raise DomainError(
                "brand.contrast",
                _("This colour reaches a contrast of %(found).1f; %(needed).1f are needed. Try %(colour)s.")
                % {"found": made.contrast, "needed": rules.READABLE, "colour": suggestion},
                field="value",
                details={
                    "value": [_("Too little contrast; try %(colour)s.") % {"colour": suggestion}],
                    "suggestion": suggestion,
                },
            )

    return check


def _check_sender(name: str) -> None:
    if len(name) > SENDER_LENGTH or any(character in name for character in '<>@"\\,;:'):
        raise _refusal(
            "sender",
            _('The sender has at most %(most)d characters and none of < > @ " \\ , ; :')
            % {"most": SENDER_LENGTH},
        )


def _check_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise _refusal("time_zone", _("There is no such time zone; an example is Europe/Paris."))


def _check_logo(name: str) -> None:
    if not _LOGO.match(name):
        raise _refusal("logo", _("A logo is uploaded."))


def _refusal(rule: str, message: str) -> DomainError:
    return DomainError(f"brand.{rule}", message, field="value")


ACCENT = register(
    Option(
        "configuration.accent",
        kind=str,
        default="",
        scope=Scope.TENANT,
        check=_readable_in("light"),
        label=gettext_lazy("Colour of links and buttons, light theme"),
        source="F18",
    )
)
ACCENT_DARK = register(
    Option(
        "configuration.accent_dark",
        kind=str,
        default="",
        scope=Scope.TENANT,
        check=_readable_in("dark"),
        label=gettext_lazy("Colour of links and buttons, dark theme"),
        help_text=gettext_lazy("Empty: made of the light theme's colour."),
        source="F18",
    )
)
SENDER_NAME = register(
    Option(
        "configuration.sender_name",
        kind=str,
        default="",
        scope=Scope.TENANT,
        check=_check_sender,
        label=gettext_lazy("Sender of e-mails"),
        help_text=gettext_lazy("Empty: the organisation's name."),
        source="F18",
    )
)
LANGUAGE = register(
    Option(
        "configuration.language",
        kind=str,
        default=settings.LANGUAGE_CODE,
        choices=settings.LANGUAGES,
        scope=Scope.TENANT,
        label=gettext_lazy("Language"),
        help_text=gettext_lazy("For people whose browser and profile ask for none of ours."),
        source="F18 S2-11",
    )
)
TIME_ZONE = register(
    Option(
        "configuration.time_zone",
        kind=str,
        default=settings.TIME_ZONE,
        scope=Scope.TENANT,
        check=_check_time_zone,
        label=gettext_lazy("Time zone"),
        source="F18",
    )
)
CURRENCY = register(
    Option(
        "configuration.currency",
        kind=str,
        default="EUR",
        choices=[(code, code) for code in MINOR_DIGITS],
        scope=Scope.TENANT,
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("What new accounts and prices count in, unless somebody chooses another."),
        source="F18",
    )
)
LOGO = register(
    Option(
        "configuration.logo",
        kind=str,
        default="",
        scope=Scope.TENANT,
        staff_only=True,
        check=_check_logo,
        label=gettext_lazy("Logo (uploaded on the page of the brand)"),
        source="F18",
    )
)
MAX_DOMAINS = register(
    Option(
        "configuration.max_domains",
        kind=int,
        default=5,
        minimum=0,
        maximum=100,
        scope=Scope.PLAN,
        label=gettext_lazy("Custom domains of an organisation"),
        source="F2",
    )
)
DOMAIN_PATIENCE = register(
    Option(
        "configuration.domain_patience",
        kind=timedelta,
        default=timedelta(days=7),
        minimum=timedelta(hours=1),
        maximum=timedelta(days=90),
        label=gettext_lazy("How long a new domain may wait for its record"),
        source="F2",
    )
)
DOMAIN_GRACE = register(
    Option(
        "configuration.domain_grace",
        kind=timedelta,
        default=timedelta(days=3),
        minimum=timedelta(hours=1),
        maximum=timedelta(days=30),
        label=gettext_lazy("How long a verified domain goes on without its record"),
        source="F2",
    )
)
