"""guardian's backend, told where grants live."""

from __future__ import annotations

from typing import Any

from guardian.backends import ObjectPermissionBackend

from shared_apps.core.context import PUBLIC, current_schema


class TenantObjectBackend(ObjectPermissionBackend):
    """Grants on single objects exist in tenants only; in public the answer is no, not an SQL error."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if current_schema() == PUBLIC:
            return False
        return bool(super().has_perm(user_obj, perm, obj))

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if current_schema() == PUBLIC:
            return set()
        return set(super().get_all_permissions(user_obj, obj))
