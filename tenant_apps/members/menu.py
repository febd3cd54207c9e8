"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """The dashboard and the members."""
    register(
        Item(
            url_name="dashboard",
            label=_("Dashboard"),
            icon="grid-1x2",
            permission="members.view_dashboard",
            order=1,
            mobile=True,
        )
    )
    register(
        Item(
            url_name="members:list",
            label=_("Members"),
            icon="people",
            permission="members.view_member",
            group="organisation",
            order=10,
            mobile=True,
        )
    )
