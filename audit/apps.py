from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    label = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        from shared_apps.core.events import Event, subscribe
        from shared_apps.tenants.steps import register_schema_step

        from . import checks, events, registry, triggers

        registry.fill_auditlog()
        register_schema_step("audit.triggers", triggers.trigger_statements)
        subscribe(Event, events.record)
        checks.register_checks()
