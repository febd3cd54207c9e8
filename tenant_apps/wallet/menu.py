"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """One's own wallet, and the staff's queue of withdrawals."""
    register(
        Item(
            url_name="wallet:overview",
            label=_("Wallet"),
            icon="wallet2",
            permission="wallet.view_wallet",
            order=30,
        )
    )
    register(
        Item(
            url_name="wallet:approvals",
            label=_("Withdrawals"),
            icon="bank",
            permission="wallet.browse_approvals",
            group="organisation",
            order=16,
        )
    )
