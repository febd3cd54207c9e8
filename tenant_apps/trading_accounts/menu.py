"""What this app adds to the menu and to the first steps."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shared_apps.access.pages import actor_of
from shared_apps.ui.dashboard import Step, register_step
from shared_apps.ui.navigation import Item, register

from .models import TradingAccount
from .queries import own_accounts


def register_menu() -> None:
    """The list of accounts, and connecting the first one."""
    register(
        Item(
            url_name="trading_accounts:list",
            label=_("Accounts"),
            icon="wallet2",
            permission="trading_accounts.view_account",
            group="trading",
            order=20,
            mobile=True,
        )
    )
    register_step(
        Step(
            name="trading_accounts.connect",
            label=_("Connect a trading account"),
            text=_("A paper account needs no key and risks nothing."),
            action=_("Connect"),
            url_name="trading_accounts:new",
            permission="trading_accounts.create_account",
            is_done=_has_account,
            order=10,
        )
    )


def _has_account(request: HttpRequest) -> bool:
    return TradingAccount.objects.filter(own_accounts(actor_of(request))).exists()
