"""The system check that keeps every route in the matrix (``manage.py check`` fails without)."""

from __future__ import annotations

from django.core.checks import CheckMessage, Error, register

from .routes import all_routes


@register()
def check_every_route_has_its_permission(**_kwargs: object) -> list[CheckMessage]:
    """One error for each route that the matrix does not know; at run time such a route is denied."""
    return [
        Error(
            f"{route.key}: {route.problem}",
            hint="Declare it (access = {...} on API views, @page on pages) and register the permission.",
            obj=route.view,
            id="access.E001",
        )
        for route in all_routes()
        if route.problem
    ]
