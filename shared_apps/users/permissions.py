"""Rows of the matrix for people and their sessions."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import ANYONE, MEMBER, USER

_SELF = {USER: Relation.OWN, MEMBER: Relation.OWN}
_STAFF = {"superadmin": Relation.PLATFORM, "admin": Relation.PLATFORM}

register(
    Permission("users.sign_in", _("Sign in, renew and end one's session"), {ANYONE: Relation.ANYONE}),
    Permission("users.register_account", _("Open an account"), {ANYONE: Relation.ANYONE}),
    Permission("users.reset_password", _("Ask for a new password"), {ANYONE: Relation.ANYONE}),
    Permission("users.view_self", _("Read one's own profile and sessions"), _SELF, personal=True),
    Permission("users.change_self", _("Change one's own profile and password"), _SELF, personal=True),
    Permission("users.revoke_session", _("End one's own sessions"), _SELF, personal=True),
    Permission("users.export_self", _("Download everything that is known of oneself"), _SELF, personal=True),
    Permission("users.erase_self", _("Delete one's own account"), _SELF, personal=True),
    Permission("users.view_api_token", _("Read one's own API tokens"), _SELF, personal=True),
    Permission("users.manage_api_token", _("Make and revoke one's own API tokens"), _SELF, personal=True),
    Permission(
        "users.open_stream",
        _("Open a live stream"),
        {MEMBER: Relation.OWN, USER: Relation.OWN},
        personal=True,
    ),
    Permission("users.view_user", _("Read all accounts"), {**_STAFF, "auditor": Relation.PLATFORM}),
    Permission("users.create_user", _("Open accounts for others"), _STAFF, all_or_nothing=True),
    Permission("users.change_user", _("Change the accounts of others"), _STAFF, all_or_nothing=True),
    Permission("users.deactivate_user", _("Deactivate and reactivate accounts"), _STAFF, all_or_nothing=True),
    Permission(
        "users.change_role",
        _("Change platform roles"),
        {"superadmin": Relation.PLATFORM},
        all_or_nothing=True,
    ),
)
