"""The kernel's own numbers as options: pages of lists, and the rates of ``settings.THROTTLE_RATES``."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from . import options
from .context import host_schema
from .options import Option, Scope, register

PAGE_SIZE = register(
    Option(
        "core.page_size",
        kind=int,
        default=20,
        minimum=1,
        maximum=100,
        label=_("Rows of a list's page, unless the client asks for another number"),
        source="S3-132",
    )
)
MAX_PAGE_SIZE = register(
    Option(
        "core.max_page_size",
        kind=int,
        default=100,
        minimum=20,
        maximum=1000,
        label=_("Most rows of a list's page"),
        source="S3-132",
    )
)

#: Requests a plan may buy more of; the other scopes guard doors and belong to the platform.
_SOLD: Final = frozenset({"anonymous", "user"})
_LABELS: Final = {
    "anonymous": _("Requests of somebody not signed in, by address"),
    "user": _("Requests of somebody signed in"),
    "auth": _("Attempts with one name from one address"),
    "refresh": _("Renewals of tokens from one address"),
}
_SOURCES: Final = {"anonymous": "S3-114 C21", "user": "S3-114 C21", "auth": "S3-112"}


def rate_name(scope: str, period: str) -> str:
    """Name of the option that holds one rate: ``core.throttle_user_per_hour``."""
    return f"core.throttle_{scope}_per_{period}"


def register_rates() -> None:
    """Make an option of every rate in the settings; their numbers are the defaults."""
    for scope, rates in settings.THROTTLE_RATES.items():
        for rate in rates:
            number, _slash, period = rate.partition("/")
            register(
                Option(
                    rate_name(scope, period),
                    kind=int,
                    default=int(number),
                    unit=f"/{period}",
                    minimum=1,
                    maximum=1_000_000 if scope in _SOLD else 10_000,
                    scope=Scope.PLAN if scope in _SOLD else Scope.PLATFORM,
                    label=_LABELS.get(scope) or format_lazy("{}: {}", _("Rate"), scope.replace("_", " ")),
                    source=_SOURCES.get(scope, "S3-112"),
                )
            )


def rate_limit(scope: str, period: str, number: int) -> int:
    """The number that holds for the host's tenant, ``number`` being the settings'."""
    return int(options.changed_values(host_schema()).get(rate_name(scope, period), number))
