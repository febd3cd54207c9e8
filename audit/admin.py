"""The platform's log in the superadmin's site: looked at, never changed."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from shared_apps.console.model_admin import ReadOnlyAdmin

from .models import AuditEntry, AuditLog


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Captured rows of the public schema. The page `/audit/` has the finer filters."""

    access = {"view": "audit.view_event"}
    list_display = ("timestamp", "action", "object_repr", "actor_email", "remote_addr", "cid")
    list_filter = ("action",)
    search_fields = ("object_repr", "actor_email", "cid")
    ordering = ("-id",)
    exclude = ("content_type", "serialized_data", "additional_data")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """The actor is a plain reference here: a user may be gone while the log stays."""
        return [name for name in super().get_readonly_fields(request, obj) if name != "actor"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return self.get_readonly_fields(request, obj)


@admin.register(AuditLog)
class AuditLogAdmin(ReadOnlyAdmin):
    """What people did, in the words of the product."""

    access = {"view": "audit.view_event"}
    list_display = ("timestamp", "action", "actor_email", "object_type", "object_pk")
    search_fields = ("action", "actor_email", "object_pk", "request_id")
    exclude = ("actor", "target")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return self.get_readonly_fields(request, obj)
