"""Reading the environment: every failure names the variable and the rule."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from shared_apps.core.master_keys import decode_key


def text(name: str, default: str | None = None) -> str:
    """A variable's text; without a default a missing or empty one stops the start."""
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set: this environment has no safe default for it")
    return default


def flag(name: str, default: bool) -> bool:
    """A yes or no: 1, true, yes, on against 0, false, no, off."""
    value = os.environ.get(name, "").lower()
    if not value:
        return default
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}")


def number(name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
    """A whole number within bounds."""
    value = os.environ.get(name, "")
    if not value:
        return default
    try:
        result = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}") from None
    if not low <= result <= high:
        raise ImproperlyConfigured(f"{name} must be between {low} and {high}, not {result}")
    return result


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def database(url: str, name: str) -> dict[str, Any]:
    """A Django database from ``postgresql://user:password@host:port/dbname?host=/socket``."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"{name} must begin with postgresql://, not {parts.scheme}://")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "shared_apps.tenants.backend",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": query.pop("port", "") or str(parts.port or ""),
        "OPTIONS": query,
    }


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of some words, in upper case."""
    value = os.environ.get(name, "").upper() or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def master_keys(name: str) -> list[str]:
    """Comma-separated keys of 32 bytes in base64 each; the message about a wrong one does not show it."""
    keys = words(name)
    for number, key in enumerate(keys, start=1):
        try:
            decode_key(key)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: key {number} of {len(keys)} is wrong: {error}") from None
    return keys
