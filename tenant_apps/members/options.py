"""Numbers of this app that the platform, or an organisation, may change."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from shared_apps.core.options import Option, Scope, register

INVITATION_LIFETIME: Final = register(
    Option(
        "members.invitation_lifetime",
        kind=timedelta,
        default=timedelta(days=7),
        minimum=timedelta(hours=1),
        maximum=timedelta(days=30),
        scope=Scope.TENANT,
        label=_("How long an invitation may be accepted"),
        source="F28",
    )
)
OPEN_INVITATIONS: Final = register(
    Option(
        "members.open_invitations",
        kind=int,
        default=2_000,
        minimum=0,
        maximum=100_000,
        scope=Scope.PLAN,
        label=_("Invitations that may wait for an answer"),
        source="F28",
    )
)
CSV_LINES: Final = register(
    Option(
        "members.csv_lines",
        kind=int,
        default=1_000,
        minimum=1,
        maximum=10_000,
        scope=Scope.PLAN,
        label=_("Lines of a file of invitations; each is an e-mail"),
        source="F28",
    )
)
JOIN_LINK_LIFETIME: Final = register(
    Option(
        "members.join_link_lifetime",
        kind=timedelta,
        default=timedelta(days=90),
        minimum=timedelta(hours=1),
        maximum=timedelta(days=366),
        scope=Scope.TENANT,
        label=_("The longest that a join link may live"),
        source="F28",
    )
)
JOIN_LINK_USES: Final = register(
    Option(
        "members.join_link_uses",
        kind=int,
        default=1_000,
        minimum=1,
        maximum=100_000,
        scope=Scope.PLAN,
        label=_("The most people that one join link may let in"),
        source="F28",
    )
)
TRANSFER_LIFETIME: Final = register(
    Option(
        "members.transfer_lifetime",
        kind=timedelta,
        default=timedelta(days=7),
        minimum=timedelta(hours=1),
        maximum=timedelta(days=30),
        scope=Scope.TENANT,
        label=_("How long a proposal to hand ownership over may be accepted"),
        source="F28",
    )
)
