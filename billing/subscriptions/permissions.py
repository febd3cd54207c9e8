"""Rows of the matrix for plans and subscriptions."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import ANYONE, MEMBER, USER

_STAFF = dict.fromkeys(("superadmin", "admin", "auditor"), Relation.PLATFORM)
_OFFICE = dict.fromkeys(("owner", "tenant_admin", "tenant_auditor"), Relation.TENANT)

register(
    Permission("subscriptions.view_plan", _("Read the plans on offer"), {ANYONE: Relation.ANYONE}),
    Permission(
        "subscriptions.browse_catalogue",
        _("Read all plans, also those not on offer"),
        _STAFF | _OFFICE,
        all_or_nothing=True,
    ),
    Permission(
        "subscriptions.change_plan",
        _("Change plans, prices and promotion codes"),
        {"superadmin": Relation.PLATFORM, "owner": Relation.TENANT},
        all_or_nothing=True,
    ),
    Permission(
        "subscriptions.view_subscription",
        _("Read everybody's subscriptions"),
        _STAFF | _OFFICE,
        all_or_nothing=True,
    ),
    Permission(
        "subscriptions.view_own_subscription",
        _("Read one's own subscription"),
        {USER: Relation.OWN, MEMBER: Relation.OWN},
        personal=True,
    ),
    Permission(
        "subscriptions.change_own_subscription",
        _("Choose, pay, change and cancel one's own subscription"),
        {USER: Relation.OWN, MEMBER: Relation.OWN},
        personal=True,
    ),
    Permission(
        "subscriptions.record_payment",
        _("Write down that an amount was paid by other ways"),
        {"superadmin": Relation.PLATFORM, "owner": Relation.TENANT},
        all_or_nothing=True,
    ),
    Permission(
        "subscriptions.view_organisation_plan",
        _("Read the organisation's own plan and what it has used"),
        _OFFICE,
        all_or_nothing=True,
    ),
)
