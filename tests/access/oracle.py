"""What the committed table says (docs/access-matrix.md), read without asking the code.

The tests of the cells expect what stands in the document, so changing a cell in the code alone, or in the
document alone, makes them fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "access-matrix.md"
WIDTH = {"": 0, "own": 1, "tenant": 2, "platform": 3, "anyone": 4}


@dataclass(frozen=True)
class Oracle:
    """Relation by host, permission and column; permission by host, method and address."""

    cells: dict[tuple[str, str], dict[str, str]]
    routes: dict[str, str]

    def relation(self, host: str, permission: str, columns: Iterable[str]) -> str:
        """The widest relation of these columns: ``own``, ``tenant``, ``platform``, ``anyone`` or nothing."""
        row = self.cells.get((host, permission), {})
        return max((row.get(column, "") for column in columns), key=WIDTH.__getitem__, default="")


def reaches_all(relation: str) -> bool:
    """Whether a relation goes beyond one's own rows."""
    return WIDTH[relation] > WIDTH["own"]


@cache
def read() -> Oracle:
    """The committed document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.M)[1:]
    by_title = {section.split("\n", 1)[0]: _table(section) for section in sections}
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for host, title in (("platform", "On the platform's host"), ("tenant", "On a tenant's host")):
        columns, *rows = by_title[title]
        for permission, *relations in rows:
            cells[host, permission.strip("`")] = dict(zip(columns[1:], relations, strict=True))
    _heading, *rows = by_title["Routes"]
    routes = {
        f"{host} {method} {path.strip('`')}": permission.strip("`").replace("(closed)", "")
        for host, method, path, permission in rows
    }
    return Oracle(cells, routes)


def _table(section: str) -> list[list[str]]:
    lines = [line for line in section.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
