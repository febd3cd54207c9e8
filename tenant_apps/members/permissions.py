"""Rows of the matrix for the people of an organisation."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import ANYONE, MEMBER

_LEADERS = {"owner": Relation.TENANT, "tenant_admin": Relation.TENANT}

register(
    Permission("members.view_dashboard", _("Open the dashboard"), {MEMBER: Relation.OWN}, personal=True),
    Permission(
        "members.view_member",
        _("Read members"),
        {**_LEADERS, "tenant_auditor": Relation.TENANT, MEMBER: Relation.OWN},
    ),
    Permission("members.view_role", _("Read what each role is for"), {MEMBER: Relation.TENANT}),
    Permission("members.change_capabilities", _("Change what members may do"), _LEADERS),
    Permission("members.deactivate_member", _("Deactivate and reactivate members"), _LEADERS),
    Permission(
        "members.view_invitation",
        _("Read invitations and join links"),
        {**_LEADERS, "tenant_auditor": Relation.TENANT},
    ),
    Permission(
        "members.invite_member",
        _("Invite people, withdraw invitations, make join links"),
        _LEADERS,
        all_or_nothing=True,
    ),
    # The token in the link is the right; whoever has none is told that it is not valid.
    Permission("members.use_invitation", _("Accept an invitation by its link"), {ANYONE: Relation.ANYONE}),
    Permission(
        "members.view_transfer",
        _("Read proposals to hand ownership over"),
        {"owner": Relation.TENANT, "tenant_auditor": Relation.TENANT, MEMBER: Relation.OWN},
    ),
    Permission("members.propose_transfer", _("Hand ownership over"), {"owner": Relation.OWN}),
    # Whoever is asked answers, whatever else they may do.
    Permission(
        "members.answer_transfer", _("Accept or decline ownership"), {MEMBER: Relation.OWN}, personal=True
    ),
    Permission(
        "members.view_address", _("Read one's own postal addresses"), {MEMBER: Relation.OWN}, personal=True
    ),
    Permission("members.change_address", _("Keep postal addresses"), {MEMBER: Relation.OWN}, personal=True),
    Permission("members.view_business", _("Read one's own business"), {MEMBER: Relation.OWN}, personal=True),
    Permission(
        "members.change_business", _("Say whose business one acts for"), {MEMBER: Relation.OWN}, personal=True
    ),
)
