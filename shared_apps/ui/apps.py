"""Django's entry to the design system."""

from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext_lazy as _

OURS = ("shared_apps.", "tenant_apps.", "billing", "audit")


class UiConfig(AppConfig):
    name = "shared_apps.ui"
    label = "ui"
    verbose_name = _("Design system")

    def ready(self) -> None:
        """Every app of ours may have a `menu.py`; its `register_menu()` adds entries, panels and steps."""
        for config in apps.get_app_configs():
            if config.name.startswith(OURS) and module_has_submodule(config.module, "menu"):
                import_module(f"{config.name}.menu").register_menu()
