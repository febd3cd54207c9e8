"""Every write to members and to what lets people in."""

from .invitations import import_invitations, invite_member, resend_invitation, withdraw_invitation
from .join_links import ask_by_join_link, create_join_link, revoke_join_link
from .joining import accept_invitation
from .leaving import check_leaving, erase_member
from .people import (
    add_member,
    change_capabilities,
    copy_profile,
    deactivate_member,
    reactivate_member,
    settle_capabilities,
)
from .postal import add_address, change_address, remove_address, remove_business, set_business
from .shares import share_object, unshare_object
from .transfers import accept_transfer, decline_transfer, propose_transfer, withdraw_transfer

__all__ = [
    "accept_invitation",
    "accept_transfer",
    "add_address",
    "add_member",
    "ask_by_join_link",
    "change_address",
    "change_capabilities",
    "check_leaving",
    "copy_profile",
    "create_join_link",
    "deactivate_member",
    "decline_transfer",
    "erase_member",
    "import_invitations",
    "invite_member",
    "propose_transfer",
    "reactivate_member",
    "remove_address",
    "remove_business",
    "resend_invitation",
    "revoke_join_link",
    "set_business",
    "settle_capabilities",
    "share_object",
    "unshare_object",
    "withdraw_invitation",
    "withdraw_transfer",
]
