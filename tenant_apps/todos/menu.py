"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """One's list."""
    register(
        Item(
            url_name="todos:list",
            label=_("To-dos"),
            icon="list-check",
            permission="todos.view_todo",
            group="tools",
            order=10,
        )
    )
