from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "shared_apps.tenants"
    label = "tenants"

    def ready(self) -> None:
        from shared_apps.access.pages import may
        from shared_apps.core.directory import register_directory
        from shared_apps.core.health import register as register_component
        from shared_apps.ui.navigation import register_check

        from . import checks, health, leak_drill, leak_probes, queries

        checks.register_checks()
        register_check(may)  # access and the design system stand side by side and cannot know each other
        leak_drill.register_probe("routes", leak_probes.attack_routes)
        register_component("migrations", health.check_migrations, essential=True)
        register_directory(
            active_schemas=queries.active_schemas,
            find_active=queries.find_active,
            every_schema=queries.every_schema,
        )
