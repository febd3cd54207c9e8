"""What this app adds to the menu."""

from django.utils.translation import gettext_lazy as _

from shared_apps.ui.navigation import Item, register


def register_menu() -> None:
    """One's own subscription; the organisation's plan and what it sells."""
    for url_name, label, icon, permission, order in (
        ("subscription", _("Subscription"), "wallet2", "subscriptions.view_own_subscription", 41),
        ("organisation-plan", _("Our plan"), "patch-check", "subscriptions.view_organisation_plan", 42),
        ("plans:editor", _("What we sell"), "list-check", "subscriptions.browse_catalogue", 43),
    ):
        register(
            Item(
                url_name=url_name,
                label=label,
                icon=icon,
                permission=permission,
                group="organisation",
                order=order,
            )
        )
