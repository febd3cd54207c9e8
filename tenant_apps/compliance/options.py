"""The numbers of identity checks."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from shared_apps.core.options import Option, Scope, register

SELLERS_ARE_KNOWN = register(
    Option(
        "compliance.sellers_are_known",
        kind=bool,
        default=True,
        scope=Scope.TENANT,
        label=_("Sellers must have their identity checked"),
        source="S3-30 S3-120",
    )
)
MINIMUM_AGE = register(
    Option(
        "compliance.minimum_age",
        kind=int,
        default=18,
        minimum=13,
        maximum=25,
        unit="years",
        scope=Scope.TENANT,
        label=_("Youngest age of somebody whose identity is accepted"),
        source="F36",
    )
)
APPROVAL_LIFETIME = register(
    Option(
        "compliance.approval_lifetime",
        kind=timedelta,
        default=timedelta(days=730),
        minimum=timedelta(days=1),
        maximum=timedelta(days=3650),
        scope=Scope.TENANT,
        label=_("How long an approved identity holds, if the document does"),
        source="F36",
    )
)
DOCUMENT_RETENTION = register(
    Option(
        "compliance.document_retention",
        kind=timedelta,
        default=timedelta(days=30),
        minimum=timedelta(0),
        maximum=timedelta(days=3650),
        scope=Scope.TENANT,
        label=_("How long documents are kept after a case was rejected, withdrawn or has expired"),
        source="F36",
    )
)
SUBMISSIONS_A_DAY = register(
    Option(
        "compliance.submissions_a_day",
        kind=int,
        default=5,
        minimum=1,
        maximum=100,
        label=_("Cases that a member may submit in 24 hours"),
        source="F36",
    )
)
