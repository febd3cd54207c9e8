"""System checks of the ground floor."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import autodiscover_modules, module_has_submodule

from .background import periodic_tasks
from .limits import register_rates
from .outbox import POLICIES


def own_app_configs() -> Iterator[AppConfig]:
    """The apps whose code is in this repository."""
    for config in apps.get_app_configs():
        path = Path(config.path)
        if path.is_relative_to(settings.BASE_DIR) and "site-packages" not in path.parts:
            yield config


def import_options() -> None:
    """Import the ``options`` of every app of ours, so that the registry is whole."""
    register_rates()
    for config in own_app_configs():
        if config.label != "core" and module_has_submodule(config.module, "options"):
            import_module(f"{config.name}.options")


def enqueued_names(source: str) -> Iterator[tuple[int, str | None]]:
    """Line and task name of each ``enqueue(...)`` call in a source; None where it is no literal."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called != "enqueue":
            continue
        first = node.args[0] if node.args else None
        literal = isinstance(first, ast.Constant) and isinstance(first.value, str)
        yield node.lineno, first.value if literal else None  # type: ignore[union-attr]


@register()
def check_enqueued_names(**_kwargs: Any) -> list[CheckMessage]:
    """Every name given to ``enqueue`` or ``periodic`` is the name of a task."""
    autodiscover_modules("tasks")
    errors: list[CheckMessage] = []
    for config in own_app_configs():
        for path in sorted(Path(config.path).rglob("*.py")):
            text = path.read_text()
            if "enqueue(" not in text or path.is_relative_to(Path(__file__).parent):
                continue
            for line, name in enqueued_names(text):
                where = f"{path.relative_to(settings.BASE_DIR)}:{line}"
                if name is None:
                    errors.append(Error(f"{where}: enqueue() needs a literal task name", id="core.E010"))
                elif name not in POLICIES:
                    errors.append(Error(f"{where}: no task is named {name!r}", id="core.E011"))
    errors += [
        Error(f"the periodic task {entry.task!r} does not exist", id="core.E012")
        for entry in periodic_tasks()
        if entry.task not in POLICIES
    ]
    return errors
