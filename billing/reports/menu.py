"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """What was earned."""
    register(
        Item(
            url_name="reports:revenue",
            label=_("Revenue"),
            icon="bar-chart-line",
            permission="reports.view_revenue",
            group="organisation",
            order=35,
        )
    )
