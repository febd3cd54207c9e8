"""Flipping any cell of the matrix in the code is noticed by a request (★6): mutation score 100 %."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared_apps.access.catalogue import all_permissions, get_permission
from shared_apps.core.context import AUDIT, AuditContext

from . import mutation
from .samples import makers
from .world import World, build_world, undone

pytestmark = pytest.mark.req("F32")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Everybody, made once for this worker."""
    with django_db_blocker.unblock(), undone():
        yield build_world(makers())


@pytest.fixture
def nobody_bound() -> Iterator[None]:
    """No actor is bound but the request's own."""
    token = AUDIT.set(AuditContext())
    yield
    AUDIT.reset(token)


@pytest.mark.parametrize("name", [row.name for row in all_permissions()])
def test_every_flipped_cell_is_noticed(world: World, nobody_bound: None, name: str) -> None:
    row = next(each for each in all_permissions() if each.name == name)
    tried = noticed = 0
    unnoticed = []
    for mutant in mutation.mutants_of(row):
        if mutation.is_refused(mutant) or mutation.stands_without_a_door(mutation.mutated(mutant)):
            tried, noticed = tried + 1, noticed + 1
            continue
        if not mutation.is_told_apart(mutant):
            continue
        tried += 1
        if mutation.is_noticed(world, mutant):
            noticed += 1
        else:
            unnoticed.append(str(mutant))
    assert unnoticed == [], f"{noticed} of {tried} noticed: {unnoticed}"


@pytest.mark.parametrize("name", [row.name for row in all_permissions()])
def test_no_cell_stands_where_nothing_asks_for_it(name: str) -> None:
    assert mutation.stands_without_a_door(get_permission(name)) == []


def test_the_census() -> None:
    """How many mutants there are, and why some are not tried; `make mutate` shows it."""
    counts = mutation.census()
    assert counts.total == counts.refused + counts.elsewhere + counts.requests + counts.alike
    assert counts.requests > 400, "fewer would mean that the samples have lost their cells"
    mutation.REPORT.parent.mkdir(exist_ok=True)
    mutation.REPORT.write_text(counts.text(), encoding="utf-8")
