"""Rows of the access matrix for trading accounts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import MEMBER

_ACCOUNT = "trading_accounts.TradingAccount"
_OWN_AND_STAFF = {"trader": Relation.OWN, "owner": Relation.TENANT, "tenant_admin": Relation.TENANT}

register(
    Permission(
        "trading_accounts.view_platform", _("See the trading platforms"), cells={MEMBER: Relation.ANYONE}
    ),
    Permission(
        "trading_accounts.view_account",
        _("See trading accounts"),
        cells={**_OWN_AND_STAFF, "tenant_auditor": Relation.TENANT},
        model=_ACCOUNT,
    ),
    Permission("trading_accounts.create_account", _("Add a trading account"), cells={"trader": Relation.OWN}),
    Permission(
        "trading_accounts.connect_account",
        _("Connect and disconnect a trading account"),
        cells=_OWN_AND_STAFF,
    ),
    Permission(
        "trading_accounts.change_account", _("Change a trading account"), cells={"trader": Relation.OWN}
    ),
    Permission("trading_accounts.share_account", _("Share a trading account"), cells=_OWN_AND_STAFF),
    Permission(
        "trading_accounts.view_share",
        _("See with whom a trading account is shared"),
        cells={**_OWN_AND_STAFF, "tenant_auditor": Relation.TENANT},
    ),
)
