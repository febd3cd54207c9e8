"""Rows of the matrix for the log: auditors read it, and the owner reads the organisation's own."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register

register(
    Permission(
        "audit.view_event",
        _("Read who did what"),
        {
            "superadmin": Relation.PLATFORM,
            "auditor": Relation.PLATFORM,
            "owner": Relation.TENANT,
            "tenant_auditor": Relation.TENANT,
        },
    ),
)
