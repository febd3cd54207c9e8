"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """Invoices: a member's own, the staff's all."""
    register(
        Item(
            url_name="invoices:list",
            label=_("Invoices"),
            icon="file-earmark-text",
            permission="invoices.view_invoice",
            group="organisation",
            order=40,
        )
    )
