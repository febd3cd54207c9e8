"""The matrix at the admin's door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from .actors import Actor
from .catalogue import Relation, can, is_registered


class MatrixAdminMixin:
    """For a ModelAdmin or inline: ``access = {"view": ..., "add": ..., "change": ..., "delete": ...}``.

    What is not declared is denied; ``User.is_staff`` and ``is_superuser`` do not count. The admin's lists
    show all rows, so a permission that reaches one's own only opens nothing here.
    """

    access: Mapping[str, str] = {}

    def _may(self, request: HttpRequest, verb: str) -> bool:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        permission = self.access.get(verb, "")
        relation = can(actor, permission) if is_registered(permission) else None
        return relation is not None and relation > Relation.OWN

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "view")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "delete")


class MatrixSiteMixin:
    """For the AdminSite: ``access = {"view": "console.view_admin"}`` opens the site itself."""

    access: Mapping[str, str] = {}

    def has_permission(self, request: HttpRequest) -> bool:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        permission = self.access.get("view", "")
        return is_registered(permission) and can(actor, permission) is not None
