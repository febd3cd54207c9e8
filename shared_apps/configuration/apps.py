from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConfigurationConfig(AppConfig):
    name = "shared_apps.configuration"
    label = "configuration"
    verbose_name = _("Brand and region")

    def ready(self) -> None:
        from shared_apps.core.branding import register_brand
        from shared_apps.core.options import register_resolver

        from . import branding, store

        register_resolver(store.changed_values)
        register_brand(branding.brand_of)
