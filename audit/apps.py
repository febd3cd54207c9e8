from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    label = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        from shared_apps.core.events import Event, subscribe
        from shared_apps.tenants.steps import register_schema_step
        from shared_apps.users.hooks import register_sections

        from . import checks, events, queries, registry, triggers

        registry.fill_auditlog()
        register_schema_step("audit.triggers", triggers.trigger_statements)
        subscribe(Event, events.record)
        register_sections("audit", queries.events_of_person)
        checks.register_checks()
