"""Rows of the access matrix for trading."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register

_OWN_AND_STAFF = {"trader": Relation.OWN, "owner": Relation.TENANT, "tenant_admin": Relation.TENANT}
_READERS = {**_OWN_AND_STAFF, "tenant_auditor": Relation.TENANT}

register(
    Permission("trading.view_order", _("See orders"), cells=_READERS),
    Permission("trading.place_order", _("Place an order"), cells={"trader": Relation.OWN}),
    Permission("trading.cancel_order", _("Cancel an order"), cells=_OWN_AND_STAFF),
    Permission("trading.view_execution", _("See executions"), cells=_READERS),
    Permission("trading.view_position", _("See positions"), cells=_READERS),
    Permission("trading.close_position", _("Close a position"), cells=_OWN_AND_STAFF),
)
