"""The numbers of identity that people may change. Rates stand in ``settings.THROTTLE_RATES``."""

from datetime import timedelta
from typing import Final

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
