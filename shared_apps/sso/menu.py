"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """The organisation's own log-in."""
    register(
        Item(
            url_name="sign-in-settings",
            label=_("Sign-in"),
            icon="box-arrow-in-right",
            permission="sso.manage_provider",
            group="organisation",
            order=80,
        )
    )
