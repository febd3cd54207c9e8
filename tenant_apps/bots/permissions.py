"""Rows of the access matrix for bots."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import MEMBER

_OWN_AND_STAFF = {"trader": Relation.OWN, "owner": Relation.TENANT, "tenant_admin": Relation.TENANT}

register(
    Permission("bots.view_strategy", _("See the strategies"), cells={MEMBER: Relation.ANYONE}),
    Permission(
        "bots.view_bot",
        _("See bots and their decisions"),
        cells={**_OWN_AND_STAFF, "tenant_auditor": Relation.TENANT},
        model="bots.Bot",
    ),
    Permission("bots.create_bot", _("Make a bot"), cells={"trader": Relation.OWN}),
    Permission("bots.change_bot", _("Change a bot's strategy"), cells={"trader": Relation.OWN}),
    Permission("bots.share_bot", _("Share a bot"), cells=_OWN_AND_STAFF),
    Permission(
        "bots.view_share",
        _("See with whom a bot is shared"),
        cells={**_OWN_AND_STAFF, "tenant_auditor": Relation.TENANT},
    ),
    Permission("bots.control_bot", _("Start, pause and stop a bot"), cells=_OWN_AND_STAFF),
)
