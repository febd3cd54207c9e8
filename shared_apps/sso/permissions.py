"""Rows of the matrix for an organisation's own log-in."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register

_LEADERS = {"owner": Relation.TENANT, "tenant_admin": Relation.TENANT}

register(
    Permission(
        "sso.view_provider",
        _("Read how members log in"),
        {**_LEADERS, "tenant_auditor": Relation.TENANT},
    ),
    Permission("sso.manage_provider", _("Change how members log in"), {"owner": Relation.TENANT}),
)
