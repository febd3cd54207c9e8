"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """The log."""
    register(
        Item(
            url_name="audit:list",
            label=_("Audit log"),
            icon="shield-check",
            permission="audit.view_event",
            group="organisation",
            order=90,
        )
    )
