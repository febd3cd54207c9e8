"""Is it alive, is it ready, and how is each part (S3-135..138).

Parts register themselves: ``register("market feed", check)``. A check returns facts and raises
:class:`Unhealthy` when the part does not work.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from . import outbox, valkey
from .api.errors import error_response
from .context import platform_context

_CACHE_SECONDS = 1.0


class Unhealthy(Exception):
    """A part does not work; the text is for operators."""


Check = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Component:
    """A monitored part. ``essential``: without it this process should get no requests."""

    name: str
    check: Check
    essential: bool


_COMPONENTS: dict[str, Component] = {}
_cached: dict[bool, tuple[float, dict[str, dict[str, Any]]]] = {}


def register(name: str, check: Check, *, essential: bool = False) -> None:
    """Add a part; essential ones decide ``/health/ready/``. Called in ``ready()``."""
    _COMPONENTS[name] = Component(name, check, essential)


def components(*, essential_only: bool) -> dict[str, dict[str, Any]]:
    """Each part's state: ``{"status": "ok" | "down", "seconds": …, …facts}``; at most a second old."""
    now = time.monotonic()
    known = _cached.get(essential_only)
    if known is not None and now - known[0] < _CACHE_SECONDS:
        return known[1]
    report = {
        component.name: _examine(component)
        for component in _COMPONENTS.values()
        if component.essential or not essential_only
    }
    _cached[essential_only] = (now, report)
    return report


def _examine(component: Component) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        result: dict[str, Any] = {"status": "ok", **component.check()}
    except (Unhealthy, DatabaseError, RedisError, OSError) as error:
        result = {"status": "down", "error": f"{type(error).__name__}: {error}"}
    return {**result, "seconds": round(time.perf_counter() - started, 4)}


def is_operator(request: HttpRequest) -> bool:
    """Whether the request carries the operations token."""
    token = settings.OPERATIONS_TOKEN
    given = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ").encode()
    return bool(token) and hmac.compare_digest(given, token.encode())


def is_loopback(request: HttpRequest) -> bool:
    """Whether the caller is this machine, and no proxy stands in between."""
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return not request.META.get("REMOTE_ADDR")  # a unix socket


def answer(request: HttpRequest) -> HttpResponse | None:
    """The answer to a health address, on any host; None for any other path."""
    path = request.path_info
    if path in ("/health/", "/health/live/"):
        return JsonResponse({"status": "ok"})
    if path == "/health/ready/":
        report = components(essential_only=True)
        states = {name: part["status"] for name, part in report.items()}
        ready = all(state == "ok" for state in states.values())
        return JsonResponse(
            {"status": "ready" if ready else "not ready", "components": states}, status=200 if ready else 503
        )
    if path == "/health/detailed/":
        if is_operator(request):
            return JsonResponse(details())
        host = request.META.get("HTTP_HOST", "").split(":")[0].lower().rstrip(".")
        if host != settings.BASE_DOMAIN:
            return error_response(request, status=403)
    return None  # staff sign in on the platform's host: the view there asks who they are


def details() -> dict[str, Any]:
    """The state of every part: the body of ``/health/detailed/``."""
    report = components(essential_only=False)
    healthy = all(part["status"] == "ok" for part in report.values())
    return {"status": "ok" if healthy else "degraded", "components": report}


def check_database() -> dict[str, Any]:
    """The runtime login can ask a question; how full its pool is."""
    connection = connections["default"]
    with platform_context(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        row = cursor.fetchone()
    pool = getattr(connection, "pool", None)
    return {"version": row[0] if row else "", **({"pool": pool.get_stats()} if pool else {})}


def check_cache() -> dict[str, Any]:
    """Valkey answers."""
    valkey.client().ping()
    return {}


def check_outbox() -> dict[str, Any]:
    """Messages of the platform's own outbox; dead ones need a person."""
    return dict(outbox.counts())
