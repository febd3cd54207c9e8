"""Rows of the matrix for second factors; logging in with them is part of ``users.sign_in``."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import MEMBER, USER

_SELF = {USER: Relation.OWN, MEMBER: Relation.OWN}

register(
    Permission("factors.view_factor", _("Read one's own second factors"), _SELF, personal=True),
    Permission("factors.manage_factor", _("Change one's own second factors"), _SELF, personal=True),
    Permission(
        "factors.reset_factor",
        _("Take away the second factors of somebody who lost them"),
        {"superadmin": Relation.PLATFORM},
        all_or_nothing=True,
    ),
    Permission("factors.confirm_identity", _("Prove again who one is"), _SELF, personal=True),
)
