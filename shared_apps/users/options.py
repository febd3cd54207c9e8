"""The numbers of identity that people may change. Rates stand in ``settings.THROTTLE_RATES``."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shared_apps.core.options import Option, Scope, register

#: Digits of a one-time code (S3-111); forms, serializers and letters are made for it.
CODE_DIGITS: Final = 6

CODE_LIFETIME = register(
    Option(
        "users.code_lifetime",
        kind=timedelta,
        default=timedelta(minutes=10),
        minimum=timedelta(minutes=1),
        maximum=timedelta(hours=1),
        scope=Scope.TENANT,
        label=_("How long a one-time code holds"),
        source="S3-111 F24",
    )
)
CODE_TRIES = register(
    Option(
        "users.code_tries",
        kind=int,
        default=5,
        minimum=1,
        maximum=10,
        scope=Scope.TENANT,
        label=_("Wrong tries after which a one-time code is dead"),
        source="C22 F24",
    )
)
PENDING_LIFETIME = register(
    Option(
        "users.pending_lifetime",
        kind=timedelta,
        default=timedelta(days=1),
        minimum=timedelta(hours=1),
        maximum=timedelta(days=7),
        label=_("How long a registration or a new address waits for its code"),
        source="C22",
    )
)
SELF_REGISTRATION = register(
    Option(
        "users.self_registration",
        kind=bool,
        default=True,
        scope=Scope.TENANT,
        label=_("People may register by themselves"),
        help_text=_("When off, new members come by invitation only."),
        source="S2-7 S3-71",
    )
)
ACCESS_TOKEN_LIFETIME = register(
    Option(
        "users.access_token_lifetime",
        kind=timedelta,
        default=settings.JWT_ACCESS_LIFETIME,
        minimum=timedelta(minutes=1),
        maximum=timedelta(days=1),
        scope=Scope.TENANT,
        label=_("How long an access token holds"),
        source="S3-17 C1",
    )
)
REFRESH_TOKEN_LIFETIME = register(
    Option(
        "users.refresh_token_lifetime",
        kind=timedelta,
        default=settings.JWT_REFRESH_LIFETIME,
        minimum=timedelta(minutes=5),
        maximum=timedelta(days=90),
        scope=Scope.TENANT,
        label=_("How long a log-in lasts without being renewed"),
        source="S3-18 C1",
    )
)
LOGIN_LIFETIME = register(
    Option(
        "users.login_lifetime",
        kind=timedelta,
        default=settings.JWT_FAMILY_LIFETIME,
        minimum=timedelta(hours=1),
        maximum=timedelta(days=365),
        scope=Scope.TENANT,
        label=_("How long a log-in lasts, renewed or not"),
        source="S3-110",
    )
)
REFRESH_GRACE = register(
    Option(
        "users.refresh_grace",
        kind=timedelta,
        default=timedelta(seconds=10),
        minimum=timedelta(0),
        maximum=timedelta(minutes=1),
        label=_("How long a spent refresh token may be repeated from the same place"),
        source="S3-110",
    )
)
EXPORT_LIFETIME = register(
    Option(
        "users.export_lifetime",
        kind=timedelta,
        default=timedelta(days=7),
        minimum=timedelta(days=1),
        maximum=timedelta(days=30),
        label=_("How long a person's own data can be fetched"),
        source="S1-5 C29",
    )
)
