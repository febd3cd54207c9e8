"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """The staff's queue; a member's own page is reached from the account and from what asks for it."""
    register(
        Item(
            url_name="identity:queue",
            label=_("Identity checks"),
            icon="person-badge",
            permission="compliance.browse_queue",
            group="organisation",
            order=15,
        )
    )
