"""Which schemas there are, as far as the ground floor needs to know.

``core`` may not import ``tenants``; the tenants app registers its look-ups here in ``ready()``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .context import PLATFORM, PUBLIC, SchemaRef

#: Names of all active tenants' schemas, in a stable order.
ActiveSchemas = Callable[[], list[str]]
#: The active tenant with that schema, or None (unknown, suspended, erased).
FindActive = Callable[[str], SchemaRef | None]


@dataclass(slots=True)
class _Directory:
    active_schemas: ActiveSchemas | None = None
    find_active: FindActive | None = None


_DIRECTORY = _Directory()


def register_directory(*, active_schemas: ActiveSchemas, find_active: FindActive) -> None:
    """Name the two look-ups; both open the platform context themselves. The last call wins."""
    _DIRECTORY.active_schemas, _DIRECTORY.find_active = active_schemas, find_active


def active_schemas() -> list[str]:
    """Schemas of all active tenants, without public."""
    if _DIRECTORY.active_schemas is None:
        raise RuntimeError("no schema directory is registered: shared_apps.tenants does it in ready()")
    return _DIRECTORY.active_schemas()


def find_active(schema: str) -> SchemaRef | None:
    """The schema's active tenant; public is always there."""
    if schema == PUBLIC:
        return PLATFORM
    if _DIRECTORY.find_active is None:
        raise RuntimeError("no schema directory is registered: shared_apps.tenants does it in ready()")
    return _DIRECTORY.find_active(schema)


def chunks(names: list[str], size: int) -> Iterator[list[str]]:
    """The names in lists of at most ``size``."""
    for start in range(0, len(names), size):
        yield names[start : start + size]
