"""Rows of the matrix for payments."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import ANYONE, MEMBER, USER

_PLATFORM = {"superadmin": Relation.PLATFORM, "admin": Relation.PLATFORM}
_LEADERS = {"owner": Relation.TENANT, "tenant_admin": Relation.TENANT}

register(
    Permission(
        "payments.receive_notification", _("Tell of payments, as a provider"), {ANYONE: Relation.ANYONE}
    ),
    Permission(
        "payments.view_delivery",
        _("Read notifications of payment providers"),
        {**_PLATFORM, "auditor": Relation.PLATFORM},
        all_or_nothing=True,
    ),
    Permission(
        "payments.view_figures",
        _("Read totals of payments"),
        {**_PLATFORM, "auditor": Relation.PLATFORM},
        all_or_nothing=True,
    ),
    Permission(
        "payments.replay_delivery",
        _("Have notifications worked off again"),
        {"superadmin": Relation.PLATFORM},
        all_or_nothing=True,
    ),
    Permission(
        "payments.view_payment",
        _("Read payments"),
        {
            **_PLATFORM,
            **_LEADERS,
            "auditor": Relation.PLATFORM,
            "tenant_auditor": Relation.TENANT,
            USER: Relation.OWN,
            MEMBER: Relation.OWN,
        },
    ),
    Permission(
        "payments.make_payment",
        _("Pay what one owes"),
        {USER: Relation.OWN, MEMBER: Relation.OWN},
        personal=True,
    ),
    Permission("payments.refund_payment", _("Refund payments"), {**_PLATFORM, **_LEADERS}),
    Permission(
        "payments.confirm_transfer",
        _("Confirm bank transfers"),
        {**_PLATFORM, **_LEADERS},
        all_or_nothing=True,
    ),
    Permission(
        "payments.view_gateway",
        _("Read which payment providers are used"),
        {**_PLATFORM, **_LEADERS, "auditor": Relation.PLATFORM, "tenant_auditor": Relation.TENANT},
        all_or_nothing=True,
    ),
    Permission(
        "payments.manage_gateway",
        _("Configure payment providers"),
        {"superadmin": Relation.PLATFORM, "owner": Relation.TENANT},
        all_or_nothing=True,
    ),
)
