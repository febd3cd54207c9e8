"""The base of the platform's admin pages: looks at rows, changes them only through services."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from shared_apps.access.admin import MatrixAdminMixin


class ReadOnlyAdmin(MatrixAdminMixin, ModelAdmin):
    """Every field read-only, nothing added or deleted. Commands are actions that call services: the admin's
    own forms write rows directly, inside a transaction in which no command may run."""

    actions = None
    show_full_result_count = False
    list_per_page = 50

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """All of the model's own fields that may be shown."""
        hidden = set(self.exclude or ())
        return [field.name for field in self.opts.fields if field.name not in hidden]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
