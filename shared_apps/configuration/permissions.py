"""Rows of the matrix for the configuration."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register

register(
    Permission(
        "configuration.view_option",
        _("Read the platform's options"),
        {"superadmin": Relation.PLATFORM, "admin": Relation.PLATFORM, "auditor": Relation.PLATFORM},
    ),
    Permission(
        "configuration.change_option", _("Change the platform's options"), {"superadmin": Relation.PLATFORM}
    ),
    Permission(
        "configuration.view_setting",
        _("Read the organisation's settings"),
        {
            "owner": Relation.TENANT,
            "tenant_admin": Relation.TENANT,
            "tenant_auditor": Relation.TENANT,
        },
    ),
    Permission(
        "configuration.change_setting", _("Change the organisation's settings"), {"owner": Relation.TENANT}
    ),
    Permission(
        "configuration.view_domain",
        _("Read the organisation's domains"),
        {
            "owner": Relation.TENANT,
            "tenant_admin": Relation.TENANT,
            "tenant_auditor": Relation.TENANT,
        },
    ),
    Permission(
        "configuration.change_domain",
        _("Add, check and remove the organisation's domains"),
        {"owner": Relation.TENANT},
    ),
)
