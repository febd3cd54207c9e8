"""Where sealed texts are stored: what rotation walks over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed texts.

    ``model`` is ``"app.Model"``; ``row`` the field whose value binds the text; ``key`` the member of a JSON
    object when the column holds one. Empty and missing values are left alone.
    """

    model: str
    column: str
    purpose: str
    row: str = "pk"
    key: str = ""

    @property
    def name(self) -> str:
        """``app.Model.column`` as rotation prints it."""
        return ".".join(filter(None, (self.model, self.column, self.key)))

    @property
    def lookup(self) -> str:
        """The path of the text in a queryset."""
        return f"{self.column}__{self.key}" if self.key else self.column

    def model_class(self) -> type[models.Model]:
        """The model. Raises LookupError for an unknown one."""
        return apps.get_model(self.model)

    def read(self, instance: models.Model) -> str:
        """The sealed text of a row, empty when there is none."""
        value: Any = getattr(instance, self.column)
        if self.key:
            value = (value or {}).get(self.key)
        return value or ""

    def write(self, instance: models.Model, sealed: str) -> None:
        """Put a text into a row that is saved by the caller."""
        if self.key:
            setattr(instance, self.column, {**getattr(instance, self.column), self.key: sealed})
        else:
            setattr(instance, self.column, sealed)


_COLUMNS: dict[str, SealedColumn] = {}


def register_sealed(column: SealedColumn) -> None:
    """Name a column of sealed texts; in an app's ``ready()``."""
    if _COLUMNS.setdefault(column.name, column) != column:
        raise ValueError(f"{column.name} is declared twice")


def sealed_columns() -> list[SealedColumn]:
    """Every column, by name."""
    return [_COLUMNS[name] for name in sorted(_COLUMNS)]
