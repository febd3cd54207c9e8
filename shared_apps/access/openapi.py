"""The matrix in the API's description: ``x-permissions`` and a sentence at every operation."""

from __future__ import annotations

from typing import Any

from shared_apps.core.api.schema import AutoSchema

from .catalogue import get_permission, is_registered
from .declarations import permission_for
from .describe import HOST_COLUMNS, sentence
from .drf import declared_access


class MatrixAutoSchema(AutoSchema):
    """drf-spectacular's schema with the row of the matrix that guards each operation."""

    def _permission(self) -> str:
        view = self.view
        return permission_for(declared_access(view), getattr(view, "action", None), self.method) or ""

    def get_description(self) -> str:  # type: ignore[override]  # spectacular changed the signature
        """The view's own text, and who may call it on which host."""
        text = super().get_description() or ""
        name = self._permission()
        if not is_registered(name):
            return text
        permission = get_permission(name)
        hosts = [host for host, columns in HOST_COLUMNS.items() if set(columns) & set(permission.cells)]
        sentences = dict.fromkeys(sentence(permission, host) for host in hosts)
        return f"{text}\n\n{' '.join(sentences)}".strip()

    def get_extensions(self) -> dict[str, Any]:
        """``x-permissions``: the permission, and the relation by role or capability."""
        extensions: dict[str, Any] = super().get_extensions()
        name = self._permission()
        if is_registered(name):
            cells = get_permission(name).cells
            extensions["x-permissions"] = {
                "permission": name,
                "cells": {column: relation.name.lower() for column, relation in cells.items()},
            }
        return extensions
