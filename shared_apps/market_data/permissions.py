"""Rows of the access matrix for market data."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import MEMBER

_STAFF = {"superadmin": Relation.PLATFORM, "admin": Relation.PLATFORM}

register(
    Permission(
        "market_data.view_instrument",
        _("See instruments and candles"),
        cells={**_STAFF, "auditor": Relation.PLATFORM, MEMBER: Relation.ANYONE},
    ),
    Permission("market_data.create_instrument", _("Add an instrument"), cells=_STAFF),
    Permission("market_data.import_candle", _("Import candles"), cells=_STAFF),
    Permission("market_data.control_feed", _("Start and stop a demo market"), cells=_STAFF),
)
