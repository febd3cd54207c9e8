"""Flipping single cells of the matrix in the code, and seeing whether the tests of the cells notice (★6).

A mutant changes one cell in this process (granted becomes denied, denied becomes granted, own becomes all and
back), then the requests that the cell decides are sent until one comes out differently from what the committed
table says. A cell may only stand on a host where some door asks for its permission; a mutant that puts one elsewhere
is noticed by that rule (:func:`stands_without_a_door`).

A mutant is left out where the rules of the matrix alone say that no request comes out differently: a wider
cell (everybody's, every member's) covers it, what it opens cannot be seen, or no request is about rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from django.contrib import admin
from django.test import RequestFactory

from shared_apps.access import catalogue
from shared_apps.access.actors import load_actor
from shared_apps.access.admin import MatrixAdminMixin
from shared_apps.access.catalogue import Permission, Relation
from shared_apps.access.describe import HOST_COLUMNS
from shared_apps.access.personas import ANYONE, CAPABILITIES, MEMBER, PLATFORM_ROLES, USER
from shared_apps.access.routes import Route, all_routes, problems
from shared_apps.access.topics import may_subscribe, topics
from shared_apps.users.models import User

from . import oracle
from .cases import ROUTES, Answer, ask, expected, further, problem, reading_permission, variants_of
from .samples import Sample, samples
from .world import PEOPLE, Persona, World, undone

#: Where the census is written.
REPORT: Final = Path(__file__).resolve().parents[2] / "var" / "mutation.txt"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One cell with another relation; None is denied."""

    permission: str
    host: str
    column: str
    before: Relation | None
    after: Relation | None

    def __str__(self) -> str:
        words = [relation.name.lower() if relation else "denied" for relation in (self.before, self.after)]
        return f"{self.permission} [{self.host} {self.column}]: {words[0]} -> {words[1]}"


def mutants_of(permission: Permission) -> list[Mutant]:
    """Every mutant of a row, whether or not somebody can tell it."""
    found = []
    for host, columns in HOST_COLUMNS.items():
        everything = Relation.TENANT if host == "tenant" else Relation.PLATFORM
        for column in columns:
            before = permission.cells.get(column)
            others: tuple[Relation | None, ...] = (None, Relation.OWN, everything)
            if column == ANYONE:
                if host not in hosts_of(permission.name):
                    continue  # it is one cell of both hosts, and tried where there is a door
                others = (None, Relation.ANYONE)
            found += [
                Mutant(permission.name, host, column, before, after)
                for after in others
                if _width(after) != _width(before)
            ]
    return found


def hosts_of(permission: str) -> set[str]:
    """The hosts on which a route, a topic or an address of the admin asks for a permission."""
    found = {str(case.route.host) for case in cases_of(permission)}
    if _names_admin(permission):
        found.add("platform")
    return found | {str(route.host) for route in all_routes() if route.permission == permission}


def stands_without_a_door(row: Permission) -> list[str]:
    """The hosts on which a row has cells but nothing asks for it."""
    return [
        host
        for host, columns in HOST_COLUMNS.items()
        if (set(columns) - {ANYONE}) & set(row.cells) and host not in hosts_of(row.name)
    ]


def _width(relation: Relation | None) -> int:
    """Denied, own, or all: how far it goes does not matter beyond one's own."""
    return 0 if relation is None else min(int(relation), 2)


def is_refused(mutant: Mutant) -> bool:
    """Whether the catalogue itself refuses the row: the process would not start."""
    try:
        mutated(mutant)
    except ValueError:
        return True
    return False


def mutated(mutant: Mutant) -> Permission:
    """The row with the mutant's cell. Raises ValueError where the catalogue refuses it."""
    row = catalogue.get_permission(mutant.permission)
    cells = {column: relation for column, relation in row.cells.items() if column != mutant.column}
    if mutant.after is not None:
        cells[mutant.column] = mutant.after
    return replace(row, cells=cells)


def is_told_apart(mutant: Mutant) -> bool:
    """Whether, by the rules of the matrix alone, some request, topic or address of the admin comes out
    differently: a wider cell of everybody may cover the mutant, and what cannot be seen cannot be acted on."""
    table = oracle.read()
    changed = _changed(table, mutant)
    before, after = _reach(table, mutant), _reach(changed, mutant)
    if mutant.permission in _asked_whether(mutant.host) and list(map(bool, before)) != list(map(bool, after)):
        return True
    goes_beyond = [[reach > 1 for reach in each] for each in (before, after)]
    if mutant.host == "platform" and _names_admin(mutant.permission) and goes_beyond[0] != goes_beyond[1]:
        return True
    return any(
        _differs(case, columns, mutant, table, changed)
        for case in cases_of(mutant.permission)
        if case.route.host == mutant.host
        for columns in _columns_of_people(mutant.host)
        if mutant.column in columns
    )


def _asked_whether(host: str) -> set[str]:
    """Permissions of topics and of the admin's site, of which only whether is asked."""
    if host == "tenant":
        return set(topics().values())
    return {admin.site.access["view"]}  # type: ignore[attr-defined]


def _changed(table: oracle.Oracle, mutant: Mutant) -> oracle.Oracle:
    """The committed table with the mutant's cell."""
    key = (mutant.host, mutant.permission)
    row = dict(table.cells.get(key, {}))
    row[mutant.column] = mutant.after.name.lower() if mutant.after else ""
    return oracle.Oracle({**table.cells, key: row}, table.routes)


def _reach(table: oracle.Oracle, mutant: Mutant) -> list[int]:
    """Denied, own, or all, for each kind of person who has the column."""
    return [
        min(2, oracle.WIDTH[table.relation(mutant.host, mutant.permission, columns)])
        for columns in _columns_of_people(mutant.host)
        if mutant.column in columns
    ]


def _differs(
    case: Case, columns: frozenset[str], mutant: Mutant, table: oracle.Oracle, changed: oracle.Oracle
) -> bool:
    key = "somebody" if columns != {ANYONE} else "anonymous"
    persona = Persona(key=key, host=mutant.host, columns=columns)
    answers = [expected(case.route, persona, case.variant, case.sample, each) for each in (table, changed)]
    if answers[0] != answers[1]:
        return True
    if case.sample.shows is None or answers[0] is not Answer.ALLOWED:
        return False
    acts = case.sample.acts or table.routes[case.route.key]
    shown = [oracle.reaches_all(each.relation(mutant.host, acts, columns)) for each in (table, changed)]
    return shown[0] != shown[1]


def _columns_of_people(host: str) -> list[frozenset[str]]:
    if host == "tenant":
        people = [frozenset({ANYONE, MEMBER}), *(frozenset({ANYONE, MEMBER, name}) for name in CAPABILITIES)]
    else:
        people = [frozenset({ANYONE, USER, name}) for name in PLATFORM_ROLES]
    return [frozenset({ANYONE}), *people]


@dataclass(slots=True)
class Census:
    """All mutants by how they are found."""

    total: int = 0
    refused: int = 0
    elsewhere: int = 0
    requests: int = 0
    alike: int = 0

    def text(self) -> str:
        """The census for people."""
        return (
            f"{self.total} mutants: {self.refused} refused by the catalogue at start, {self.elsewhere} on a "
            f"host without a door, {self.requests} told apart by a request (each tried), {self.alike} that "
            "come to the same by the rules of the matrix.\n"
        )


def census() -> Census:
    """Count every mutant of every row."""
    counts = Census()
    for row in catalogue.all_permissions():
        for mutant in mutants_of(row):
            counts.total += 1
            if is_refused(mutant):
                counts.refused += 1
            elif stands_without_a_door(mutated(mutant)):
                counts.elsewhere += 1
            elif is_told_apart(mutant):
                counts.requests += 1
            else:
                counts.alike += 1
    return counts


@contextmanager
def flipped(mutant: Mutant) -> Iterator[None]:
    """The process with the mutant in place of the row."""
    original = catalogue._rows[mutant.permission]
    catalogue._rows[mutant.permission] = mutated(mutant)
    try:
        yield
    finally:
        catalogue._rows[mutant.permission] = original


@dataclass(frozen=True, slots=True)
class Case:
    """One request that a permission has a say in."""

    route: Route
    sample: Sample
    variant: str


def cases_of(permission: str) -> list[Case]:
    """The requests that a permission decides or takes part in deciding; its own routes first."""
    table = oracle.read()
    all_samples = [(route, samples()[route.key]) for route in ROUTES]
    all_samples += [(route, sample) for route, _name, sample in further()]
    direct, indirect = [], []
    for route, sample in all_samples:
        cases = [Case(route, sample, variant) for variant in variants_of(sample)]
        if permission in (table.routes[route.key], sample.acts):
            direct += cases
        elif permission in (sample.sees, sample.needs, reading_permission(table, route)):
            indirect += cases
    # Somebody else's object first: it tells own from all.
    return sorted(direct, key=lambda case: case.variant == "own") + indirect


def _names_admin(permission: str) -> bool:
    """Whether a model of the admin asks for a permission."""
    return any(permission in model.access.values() for model in _models_of_admin())


def _models_of_admin() -> list[MatrixAdminMixin]:
    return [each for each in admin.site._registry.values() if isinstance(each, MatrixAdminMixin)]


def is_noticed(world: World, mutant: Mutant) -> bool:
    """Whether a test of a cell, a topic or an address of the admin fails with the mutant."""
    with flipped(mutant):
        return (
            _by_topic(world, mutant)
            or _by_admin(world, mutant)
            or _by_check(mutant)
            or _by_request(world, mutant)
        )


def _people(world: World, mutant: Mutant) -> list[Persona]:
    """Who has the column, whoever the fewest other cells speak for first."""
    host = mutant.host
    found = [world.people[host, key] for key in PEOPLE[host]]
    return sorted(
        (persona for persona in found if mutant.column in persona.columns),
        key=lambda persona: (persona.key != "plain", persona.key != "anonymous"),
    )


def _by_request(world: World, mutant: Mutant) -> bool:
    for case in cases_of(mutant.permission):
        if case.route.host != mutant.host:
            continue
        for persona in _people(world, mutant):
            with undone():
                answer = ask(world, case.route, persona, case.variant, case.sample)
                if problem(world, case.route, persona, case.variant, case.sample, answer):
                    return True
    return False


def _by_topic(world: World, mutant: Mutant) -> bool:
    table = oracle.read()
    for topic in topics() if mutant.host == "tenant" else ():
        permission = table.routes[f"tenant SUBSCRIBE {topic}"]
        if permission != mutant.permission:
            continue
        for persona in _people(world, mutant):
            actor = load_actor(persona.user or User(), world.tenant, fresh=True)
            relation = table.relation("tenant", permission, persona.columns)
            if may_subscribe(actor, topic) != bool(relation and persona.authenticated):
                return True
    return False


def _by_admin(world: World, mutant: Mutant) -> bool:
    """The admin's models open to what goes beyond one's own; the site asks the same of itself."""
    if mutant.host != "platform":
        return False
    for persona in _people(world, mutant):
        request = RequestFactory().get("/admin/")
        request.actor = load_actor(persona.user or User(), None, fresh=True)  # type: ignore[attr-defined]
        reach = oracle.read().relation("platform", mutant.permission, persona.columns)
        is_site = mutant.permission in _asked_whether("platform")
        if is_site and admin.site.has_permission(request) != bool(reach and persona.authenticated):
            return True
        for model in _models_of_admin():
            for verb, permission in model.access.items():
                if permission == mutant.permission:
                    opens = model._may(request, verb)
                    if opens != (oracle.reaches_all(reach) and persona.authenticated):
                        return True
    return False


def _by_check(mutant: Mutant) -> bool:
    """A route that is open to everybody and guards nothing itself is refused when its cell is gone."""
    return mutant.column == ANYONE and bool(problems())
