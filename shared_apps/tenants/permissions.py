"""Rows of the matrix for organisations (S4-59..61)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.drf import RowPermission
from shared_apps.access.personas import ANYONE, MEMBER, USER

if TYPE_CHECKING:
    from rest_framework.views import APIView

    from shared_apps.users.models import User

_STAFF = {"superadmin": Relation.PLATFORM, "admin": Relation.PLATFORM}

register(
    Permission("tenants.sign_up", _("Found an organisation"), {ANYONE: Relation.ANYONE}),
    Permission("tenants.check_slug", _("Ask whether a subdomain is free"), {ANYONE: Relation.ANYONE}),
    # Everybody may ask; whom view_tenant does not cover gets an empty list (S4-61).
    Permission(
        "tenants.browse_tenants", _("Ask for the list of organisations"), {USER: Relation.OWN}, personal=True
    ),
    Permission(
        "tenants.view_tenant",
        _("Read organisations"),
        {**_STAFF, "auditor": Relation.PLATFORM, "tenant_owner": Relation.OWN},
    ),
    Permission(
        "tenants.view_own_tenant",
        _("Read one's own organisation"),
        {USER: Relation.OWN, MEMBER: Relation.OWN},
        personal=True,
    ),
    Permission(
        "tenants.view_organisations",
        _("Read which organisations one belongs to"),
        {USER: Relation.OWN, MEMBER: Relation.OWN},
        personal=True,
    ),
    Permission(
        "tenants.hand_over",
        _("Go to another of one's organisations"),
        {USER: Relation.OWN, MEMBER: Relation.OWN},
        personal=True,
    ),
    Permission(
        "tenants.enter_organisation", _("Come in from another organisation"), {ANYONE: Relation.ANYONE}
    ),
    Permission("tenants.create_tenant", _("Create organisations"), _STAFF),
    Permission("tenants.change_tenant", _("Change organisations"), {**_STAFF, "tenant_owner": Relation.OWN}),
    Permission("tenants.suspend_tenant", _("Suspend organisations"), _STAFF, all_or_nothing=True),
    Permission("tenants.reactivate_tenant", _("Reactivate organisations"), _STAFF, all_or_nothing=True),
)


class IsSuperAdminOrAdmin(RowPermission):
    """S4's class of that name (S4-66): who may create organisations."""

    permission = "tenants.create_tenant"


class IsTenantOwnerOrAdmin(RowPermission):
    """S4's class of that name (S4-67): staff on every object, an owner on those of the home tenant."""

    permission = "tenants.change_tenant"

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        """``obj`` is a Tenant or has a ``tenant_id``."""
        from .models import Tenant

        relation = self.reach(request)
        if relation is None or relation > Relation.OWN:
            return relation is not None
        tenant_id: int | None = obj.pk if isinstance(obj, Tenant) else obj.tenant_id
        user = cast("User", request.user)
        return tenant_id is not None and tenant_id == user.tenant_id
