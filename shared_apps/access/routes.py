"""Every door of both hosts with its permission, found by walking the URLconfs.

Tests, documentation and the system check read this list, so a route that somebody adds without a
permission cannot hide: it is denied at run time and reported here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern
from rest_framework.views import APIView

from .catalogue import is_registered
from .declarations import ATTRIBUTE, GUARDED, assigned, is_open, permission_for
from .drf import MatrixPermission
from .topics import topics

_HTTP_METHODS = ("get", "post", "put", "patch", "delete")
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


class Host(StrEnum):
    """Which of the two URLconfs a route belongs to."""

    PLATFORM = "platform"
    TENANT = "tenant"


class Kind(StrEnum):
    """What is behind a route."""

    API = "api"
    PAGE = "page"
    ADMIN = "admin"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """One method of one address. ``problem`` says why it would fail the tests; empty when all is well."""

    host: Host
    path: str
    method: str
    kind: Kind
    permission: str
    view: str
    action: str = ""
    problem: str = ""

    @property
    def key(self) -> str:
        """Stable name, e.g. ``tenant GET /api/v1/members/{pk}/``."""
        return f"{self.host} {self.method} {self.path}"


def all_routes() -> list[Route]:
    """Every route and topic of both hosts, sorted."""
    found = [*_walk_host(Host.PLATFORM), *_walk_host(Host.TENANT), *_topic_routes()]
    return sorted(set(found))


def problems() -> list[str]:
    """Routes that have no permission, name an unknown one, or declare one that nothing checks."""
    return [f"{route.key} ({route.view}): {route.problem}" for route in all_routes() if route.problem]


def urlconf(host: Host) -> str:
    """The URLconf of a host."""
    name: str = settings.PLATFORM_URLCONF if host is Host.PLATFORM else settings.ROOT_URLCONF
    return name


def routes_of(patterns: list[URLPattern | URLResolver], host: Host) -> list[Route]:
    """The routes of some patterns, as if they were a host's."""
    return [route for pattern in patterns for route in _walk(pattern, "/", host)]


def _walk_host(host: Host) -> Iterator[Route]:
    for pattern in get_resolver(urlconf(host)).url_patterns:
        yield from _walk(pattern, "/", host)


def _topic_routes() -> Iterator[Route]:
    for topic, permission in topics().items():
        problem = "" if is_registered(permission) else f"no such permission: {permission}"
        yield Route(Host.TENANT, topic, "SUBSCRIBE", Kind.TOPIC, permission, "stream", "", problem)


def _walk(pattern: URLPattern | URLResolver, prefix: str, host: Host) -> Iterator[Route]:
    path = prefix + _readable(pattern.pattern)
    if isinstance(pattern, URLResolver):
        for child in pattern.url_patterns:
            yield from _walk(child, path, host)
    else:
        yield from _routes(pattern.callback, path, host, pattern.name or "")


def _readable(pattern: Any) -> str:
    """``members/{pk}/`` of Django's two ways to write it."""
    text = str(pattern)
    if isinstance(pattern, RoutePattern):
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)
    if isinstance(pattern, RegexPattern):
        text = _GROUP.sub(r"{\1}", text)
        return re.sub(r"\\(.)", r"\1", text.replace("^", "").replace("$", "").replace(r"\Z", ""))
    return text


def _routes(callback: Any, path: str, host: Host, name: str) -> Iterator[Route]:
    view_class = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    if inspect.isclass(view_class) and issubclass(view_class, APIView):
        yield from _api_routes(callback, view_class, path, host)
        return
    admin = getattr(callback, "model_admin", None) or getattr(callback, "admin_site", None)
    if admin is not None:
        yield _admin_route(admin, path, host, name)
        return
    view = f"{callback.__module__}.{getattr(callback, '__qualname__', type(callback).__name__)}"
    access = getattr(callback, ATTRIBUTE, None) or assigned(view)
    guarded = bool(getattr(callback, GUARDED, False))
    for method in [method for method in _HTTP_METHODS if method in access] or ["get"]:
        permission = access.get(method, "")
        problem = _problem(permission, guarded=guarded)
        yield Route(host, path, method.upper(), Kind.PAGE, permission, view, "", problem)


def _admin_route(admin: Any, path: str, host: Host, name: str) -> Route:
    """An address of the admin, judged by GET; adding and deleting is closed where neither is declared."""
    access: Mapping[str, str] = getattr(admin, ATTRIBUTE, {})
    verb = name.rsplit("_", 1)[-1]
    permission = access.get(verb, "") if verb in ("add", "delete") else access.get("view", "")
    closed = verb in ("add", "delete") and not permission
    problem = "" if closed else _problem(permission, guarded=True)
    return Route(host, path, "GET", Kind.ADMIN, permission, type(admin).__qualname__, verb, problem)


def _api_routes(callback: Any, view_class: type[APIView], path: str, host: Host) -> Iterator[Route]:
    name = f"{view_class.__module__}.{view_class.__qualname__}"
    initkwargs: Mapping[str, Any] = getattr(callback, "initkwargs", None) or {}
    access: Mapping[str, str] = getattr(view_class, ATTRIBUTE, None) or assigned(name)
    classes = initkwargs.get("permission_classes", view_class.permission_classes)
    guarded = any(inspect.isclass(each) and issubclass(each, MatrixPermission) for each in classes)
    actions: Mapping[str, str] = getattr(callback, "actions", None) or {
        method: "" for method in _HTTP_METHODS if hasattr(view_class, method)
    }
    for method, action in actions.items():
        if method not in _HTTP_METHODS:
            continue
        permission = permission_for(access, action or None, method) or ""
        problem = _problem(permission, guarded=guarded)
        yield Route(host, path, method.upper(), Kind.API, permission, name, action, problem)


def _problem(permission: str, *, guarded: bool) -> str:
    if not permission:
        return "no permission declared"
    if not is_registered(permission):
        return f"no such permission: {permission}"
    if not guarded and not is_open(permission):
        return f"declares {permission}, but nothing checks it"
    return ""
