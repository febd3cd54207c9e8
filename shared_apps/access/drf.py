"""The matrix at the API's door: DRF's default permission class, and S4's two classes made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from shared_apps.core.context import HOST, bind_actor
from shared_apps.core.errors import ForbiddenError

from .actors import Actor, load_actor
from .catalogue import CLOSED_AREAS, Relation, can, get_permission, is_registered
from .declarations import is_open, permission_for
from .step_up import MustEnrol

if TYPE_CHECKING:  # DRF's views import the default permission class, which is here
    from rest_framework.views import APIView


def actor_of(request: Request) -> Actor:
    """The actor of an API request, after authentication.

    The authenticators and the middleware set ``request.actor``. A user that DRF was told directly
    (``force_authenticate`` in tests) is turned into an actor here, by the same rules.
    """
    user = request.user
    actor: Actor = request._request.actor  # type: ignore[attr-defined]
    if user is not None and user.is_authenticated and actor.user_id != user.pk:
        actor = load_actor(user, HOST.get())
        request._request.actor = actor  # type: ignore[attr-defined]
        bind_actor(actor_id=actor.user_id, actor_email=actor.email)
    return actor


def declared_access(view: Any) -> Mapping[str, str]:
    """What a view declares; a view without a declaration declares nothing."""
    access: Mapping[str, str] = getattr(view, "access", {})
    return access


class MatrixPermission(BasePermission):
    """401 for who is not signed in, 403 where the matrix has no cell, and 403 for what declares nothing.

    Of single objects decision C14 holds here too: whoever lacks the permission for an action on an object,
    but may read objects of its kind, is told 404 where they would not see this one. So ``get_queryset`` of a
    view set gives what the actor may see. Actions that are allowed obtain their object through
    :func:`~shared_apps.access.scoping.get_for`.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        actor = actor_of(request)
        action, method = getattr(view, "action", None), request.method or ""
        access = declared_access(view)
        if method.lower() not in _methods(view):
            if not actor.is_authenticated and not any(map(is_open, access.values())):
                raise NotAuthenticated
            raise MethodNotAllowed(method)
        if method == "OPTIONS":
            names = sorted(set(access.values()))
        else:
            name = permission_for(access, action, method)
            names = [name] if name else []
        if any(is_registered(name) and can(actor, name) is not None for name in names):
            return True
        if not actor.is_authenticated:
            raise NotAuthenticated
        _hide_what_is_invisible(actor, view, access)
        _name_missing_scope(actor, names)
        if actor.only is not None:
            raise MustEnrol
        return False


def _name_missing_scope(actor: Actor, names: list[str]) -> None:
    """Raise ForbiddenError("api_token.out_of_scope") where the owner may, and only their token may not."""
    if actor.scopes is None:
        return
    owner = replace(actor, scopes=None)
    for row in (get_permission(name) for name in names if is_registered(name)):
        if can(owner, row.name) is None:
            continue
        if row.app_label in CLOSED_AREAS:
            raise ForbiddenError(
                "api_token.refused", _("An API token cannot do this: log in with your password.")
            )
        scope = f"{row.app_label}:{'read' if row.reads else 'write'}"
        raise ForbiddenError(
            "api_token.out_of_scope",
            _("This API token does not have the scope %(scope)s.") % {"scope": scope},
            details={"scope": scope},
        )


def _hide_what_is_invisible(actor: Actor, view: APIView, access: Mapping[str, str]) -> None:
    """Raise Http404 when the address names an object that a readable kind has, but not for this actor."""
    from rest_framework.generics import GenericAPIView

    if (
        not isinstance(view, GenericAPIView)
        or (view.lookup_url_kwarg or view.lookup_field) not in view.kwargs
    ):
        return
    reading = access.get("retrieve", "")
    if is_registered(reading) and can(actor, reading) is not None:
        view.get_object()


def _methods(view: APIView) -> set[str]:
    """Lower-case HTTP methods that the routed view answers."""
    mapped = getattr(view, "action_map", None)
    if mapped is not None:
        return {*mapped, "options", *(["head"] if "get" in mapped else [])}
    return {method.lower() for method in view.allowed_methods} | ({"head"} if hasattr(view, "get") else set())


class RowPermission(MatrixPermission):
    """What the view declares, and one row of the matrix besides: made for S4's named classes."""

    permission = ""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and self.reach(request) is not None

    def reach(self, request: Request) -> Relation | None:
        """How far the row's permission goes for who asks."""
        return can(actor_of(request), self.permission)
