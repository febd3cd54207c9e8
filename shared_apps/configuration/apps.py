from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConfigurationConfig(AppConfig):
    name = "shared_apps.configuration"
    label = "configuration"
    verbose_name = _("Brand and region")

    def ready(self) -> None:
        from shared_apps.core.background import periodic
        from shared_apps.core.branding import register_brand
        from shared_apps.core.options import register_resolver

        from . import branding, store

        register_resolver(store.changed_values)
        register_brand(branding.brand_of)
        periodic("configuration.check_domains", every=timedelta(minutes=10), per_tenant=False)
