"""Trading accounts can be shared with single members, to be read."""

from django.utils.translation import gettext_lazy as _

from tenant_apps.members.sharing import Shareable

from .models import TradingAccount
from .queries import own_accounts

ACCOUNTS = Shareable(
    kind="trading_account",
    label=_("Trading account"),
    model=TradingAccount,
    view="trading_accounts.view_account",
    share="trading_accounts.share_account",
    see_shares="trading_accounts.view_share",
    own=own_accounts,
    owner=lambda account: account.member_id,
)
