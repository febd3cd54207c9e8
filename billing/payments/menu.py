"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """Payments; whoever is no staff finds their own there."""
    register(
        Item(
            url_name="payments:list",
            label=_("Payments"),
            icon="bank",
            permission="payments.view_payment",
            group="organisation",
            order=16,
        )
    )
