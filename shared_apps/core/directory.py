"""Which schemas there are, as far as the ground floor needs to know.

``core`` may not import ``tenants``; the tenants app registers its look-ups here in ``ready()``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .context import PLATFORM, PUBLIC, SchemaRef

#: Names of all active tenants' schemas, in a stable order.
ActiveSchemas = Callable[[], list[str]]
#: Names of the schemas of all tenants that have one, suspended, frozen and exported ones too.
EverySchema = Callable[[], list[str]]
#: The active tenant with that schema, or None (unknown, suspended, erased).
FindActive = Callable[[str], SchemaRef | None]


@dataclass(slots=True)
class _Directory:
    active_schemas: ActiveSchemas | None = None
    find_active: FindActive | None = None
    every_schema: EverySchema | None = None


_DIRECTORY = _Directory()


def register_directory(
    *, active_schemas: ActiveSchemas, find_active: FindActive, every_schema: EverySchema
) -> None:
    """Name the look-ups; they open the platform context themselves. The last call wins."""
    _DIRECTORY.active_schemas, _DIRECTORY.find_active = active_schemas, find_active
    _DIRECTORY.every_schema = every_schema


def active_schemas() -> list[str]:
    """Schemas of all active tenants, without public."""
    if _DIRECTORY.active_schemas is None:
        raise RuntimeError("no schema directory is registered: shared_apps.tenants does it in ready()")
    return _DIRECTORY.active_schemas()


def every_schema() -> list[str]:
    """Schemas of all tenants that are not erased, without public."""
    if _DIRECTORY.every_schema is None:
        raise RuntimeError("no schema directory is registered: shared_apps.tenants does it in ready()")
    return _DIRECTORY.every_schema()


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
