"""Rows for what stands below this app (core, ui) and for the matrix itself."""

from django.utils.translation import gettext_lazy as _

from .catalogue import Permission, Relation, register
from .declarations import assign
from .personas import ANYONE

register(
    Permission("core.view_page", _("Read pages that are open to everybody"), {ANYONE: Relation.ANYONE}),
    Permission("core.view_schema", _("Read the API's description"), {ANYONE: Relation.ANYONE}),
    Permission("core.view_health", _("Ask whether the service lives"), {ANYONE: Relation.ANYONE}),
    Permission(
        "core.view_health_details",
        _("Read the state of each component"),
        {"superadmin": Relation.PLATFORM, "admin": Relation.PLATFORM, "auditor": Relation.PLATFORM},
    ),
    Permission("access.view_matrix", _("Read who may do what"), {ANYONE: Relation.ANYONE}),
)

# The design system stands beside this app and cannot import it; its pages are open.
assign("shared_apps.ui.web.credits", {"get": "core.view_page"})
assign("shared_apps.ui.web.language", {"post": "core.view_page"})
assign("shared_apps.ui.web.gallery", {"get": "core.view_page"})
assign("shared_apps.ui.web.mailbox", {"get": "core.view_page"})
assign("shared_apps.ui.web.letter", {"get": "core.view_page"})
