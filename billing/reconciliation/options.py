"""The numbers of reconciliation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shared_apps.core.options import Option, register

PROVIDER_DAYS = register(
    Option(
        "reconciliation.provider_days",
        kind=int,
        default=3,
        minimum=1,
        maximum=400,
        label=_("Days back for which every ended payment is asked about at its provider again"),
        source="F46",
    )
)
NIGHTLY_HOUR = register(
    Option(
        "reconciliation.nightly_hour",
        kind=int,
        default=2,
        minimum=0,
        maximum=22,
        label=_("Hour (UTC) from which the nightly comparison runs"),
        source="F46",
    )
)
