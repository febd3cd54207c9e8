"""Rows of the matrix for the superadmin's site."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register

register(
    Permission(
        "console.view_admin",
        _("Open the platform's admin"),
        {"superadmin": Relation.PLATFORM, "admin": Relation.PLATFORM, "auditor": Relation.PLATFORM},
    ),
)
