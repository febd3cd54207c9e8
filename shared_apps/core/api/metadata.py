"""What OPTIONS tells: the fields of the writing actions that the asker may use."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.exceptions import APIException
from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request, clone_request

from shared_apps.core.errors import DomainError

_REFUSALS = (APIException, PermissionDenied, Http404, DomainError)


class Metadata(SimpleMetadata):
    """DRF's, also for views of one's own thing, whose address names no object to look up."""

    def determine_actions(self, request: Request, view: Any) -> dict[str, Any]:
        """Field information for POST and PUT, where permissions and the object allow them."""
        actions: dict[str, Any] = {}
        lookup = getattr(view, "lookup_url_kwarg", None) or getattr(view, "lookup_field", None)
        own_action = getattr(view, "action", None)
        for method in sorted({"PUT", "POST"} & set(view.allowed_methods)):
            view.request = clone_request(request, method)
            view.action = getattr(view, "action_map", {}).get(method.lower())
            try:
                view.check_permissions(view.request)
                if method == "PUT" and lookup in view.kwargs:
                    view.get_object()
                actions[method] = self.get_serializer_info(view.get_serializer())
            except _REFUSALS:
                continue
            finally:
                view.request, view.action = request, own_action
        return actions
