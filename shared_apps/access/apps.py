from importlib import import_module

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import module_has_submodule

_OURS = ("shared_apps.", "tenant_apps.", "audit", "billing")


class AccessConfig(AppConfig):
    name = "shared_apps.access"
    label = "access"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - importing registers it
        from .objects import create_django_permissions

        # Every app's rows, so that no app can forget to register its own.
        for config in apps.get_app_configs():
            if config.name.startswith(_OURS) and module_has_submodule(config.module, "permissions"):
                import_module(f"{config.name}.permissions")
        post_migrate.connect(create_django_permissions, dispatch_uid="access.django_permissions")
