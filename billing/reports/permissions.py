"""Rows of the matrix for reports."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register

register(
    Permission(
        "reports.view_revenue",
        _("Read what was earned"),
        {
            "superadmin": Relation.PLATFORM,
            "admin": Relation.PLATFORM,
            "auditor": Relation.PLATFORM,
            "owner": Relation.TENANT,
            "tenant_admin": Relation.TENANT,
            "tenant_auditor": Relation.TENANT,
        },
        all_or_nothing=True,
    ),
)
