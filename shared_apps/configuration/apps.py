from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConfigurationConfig(AppConfig):
    name = "shared_apps.configuration"
    label = "configuration"
    verbose_name = _("Configuration")

    def ready(self) -> None:
        from shared_apps.core.options import register_resolver

        from . import store

        register_resolver(store.changed_values)
