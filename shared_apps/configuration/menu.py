"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """The organisation's settings."""
    register(
        Item(
            url_name="settings:options",
            label=_("Settings"),
            icon="gear",
            permission="configuration.view_setting",
            group="organisation",
            order=20,
        )
    )
