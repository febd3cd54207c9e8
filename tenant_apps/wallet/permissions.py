"""Rows of the matrix for wallets."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import MEMBER, WORKING_CAPABILITIES

_LEADERS = {"owner": Relation.TENANT, "tenant_admin": Relation.TENANT}
_READERS = {**_LEADERS, "tenant_auditor": Relation.TENANT, MEMBER: Relation.OWN}
#: Auditors move no money, not even their own (F29).
_USERS = dict.fromkeys(WORKING_CAPABILITIES, Relation.OWN)

register(
    Permission("wallet.view_wallet", _("Read balances and transactions"), _READERS),
    Permission("wallet.browse_wallets", _("Read the list of all members' balances"), {
        **_LEADERS, "tenant_auditor": Relation.TENANT,
    }),
    Permission("wallet.view_deposit", _("Read deposits"), _READERS),
    Permission("wallet.create_deposit", _("Pay into one's own wallet"), _USERS),
    Permission("wallet.view_withdrawal", _("Read withdrawals"), _READERS),
    Permission("wallet.request_withdrawal", _("Withdraw from one's own wallet"), _USERS),
    Permission("wallet.browse_approvals", _("Read the queue of withdrawals"), _LEADERS),
    Permission("wallet.approve_withdrawal", _("Approve and reject withdrawals"), _LEADERS),
    Permission(
        "wallet.view_destination", _("Read one's own payout destinations"), {MEMBER: Relation.OWN},
        personal=True,
    ),
    Permission("wallet.manage_destination", _("Add and remove one's own payout destinations"), _USERS),
    Permission("wallet.view_transfer", _("Read transfers"), _READERS),
    Permission("wallet.send_transfer", _("Send money to other members"), _USERS),
    Permission("wallet.freeze_wallet", _("Freeze wallets and open them again"), _LEADERS),
)  # fmt: skip
