"""Rows of the matrix for reconciliation."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register

register(
    Permission(
        "reconciliation.view_run",
        _("Read what the comparison of books found"),
        {"superadmin": Relation.PLATFORM, "admin": Relation.PLATFORM, "auditor": Relation.PLATFORM},
    ),
    Permission(
        "reconciliation.start_run",
        _("Have the books compared now"),
        {"superadmin": Relation.PLATFORM},
        all_or_nothing=True,
    ),
)
