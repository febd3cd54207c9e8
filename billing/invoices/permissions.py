"""Rows of the matrix for invoices: who bought reads the paper, who sells reads all of it and credits."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import MEMBER

_LEADERS = {"owner": Relation.TENANT, "tenant_admin": Relation.TENANT}
_STAFF = {"superadmin": Relation.PLATFORM, "admin": Relation.PLATFORM}

register(
    Permission(
        "invoices.view_invoice",
        _("Read invoices"),
        {
            **_STAFF,
            "auditor": Relation.PLATFORM,
            "tenant_owner": Relation.OWN,
            **_LEADERS,
            "tenant_auditor": Relation.TENANT,
            MEMBER: Relation.OWN,
        },
    ),
    Permission("invoices.credit_invoice", _("Issue credit notes"), {**_STAFF, **_LEADERS}),
)
