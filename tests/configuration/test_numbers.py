"""docs/numbers.md names every number of the documents as it is in the code."""

from __future__ import annotations

import re
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import pytest
from django.apps import apps

from shared_apps.core import options

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "numbers.md").read_text()
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)[1:]
NAMED = [
    match.groups()
    for _source, _number, where in ROWS
    if (match := re.fullmatch(r"(option|constant|field) `([\w.]+)` = (\d+)", where.strip()))
]


@pytest.mark.req("S2-8")
@pytest.mark.parametrize(("kind", "name", "number"), NAMED)
def test_a_number_is_what_the_table_says(kind: str, name: str, number: str) -> None:
    if kind == "option":
        option = options.get_option(name)
        assert option.plain(option.default) == int(number)
    elif kind == "field":
        label, _dot, field = name.rpartition(".")
        assert apps.get_model(label)._meta.get_field(field).max_length == int(number)
    else:
        parts = name.split(".")
        split = next(index for index, part in enumerate(parts) if part.isupper())
        module, path = ".".join(parts[:split]), ".".join(parts[split:])
        assert attrgetter(path)(import_module(module)) == int(number)


def test_every_row_is_understood() -> None:
    assert len(NAMED) >= 19
    for source, number, where in ROWS:
        assert re.search(r"\b[SCF]\d", source), source
        if "`" in where:
            assert re.fullmatch(r"(option|constant|field) `[\w.]+` = \d+", where.strip()), (number, where)
