"""What a cell of the matrix comes to: the request of a sample, what the table says, what the server answers."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from shared_apps.access.catalogue import all_permissions
from shared_apps.access.routes import Kind, Route, all_routes

from . import oracle
from .samples import Sample, samples, sorted_further
from .world import Persona, World, ask_api, ask_page

#: Permissions that a share grants on one object.
SHARED = {row.name for row in all_permissions() if row.model}
ROUTES = [route for route in all_routes() if route.kind in (Kind.API, Kind.PAGE)]
_OBJECT = re.compile(r"(.*\{\w+\}/)[^{}]*\Z")


class Answer(StrEnum):
    """What a cell comes to."""

    ALLOWED = "allowed"
    SIGN_IN = "sign in"
    FORBIDDEN = "forbidden"
    HIDDEN = "hidden"


def variants(route: Route) -> list[str]:
    """Whose object is tried: one's own, somebody else's, or none."""
    sample = samples().get(route.key)
    return ["no sample"] if sample is None else variants_of(sample)


def further() -> list[tuple[Route, str, Sample]]:
    """The further requests of routes, by name."""
    by_key = {route.key: route for route in ROUTES}
    return [(by_key[key], name, sample) for (key, name), sample in sorted_further().items()]


def variants_of(sample: Sample) -> list[str]:
    """The variants of one sample."""
    return [name for name in ("own", "other", "shared") if getattr(sample, name)] or ["plain"]


def expected(
    route: Route, persona: Persona, variant: str, sample: Sample, table: oracle.Oracle | None = None
) -> Answer:
    """What the committed table, or another one, says about one cell."""
    table, host = table or oracle.read(), str(route.host)

    def relation(permission: str) -> str:
        return table.relation(host, permission, persona.columns)

    permission = table.routes[route.key]
    door = relation(permission)
    if not persona.authenticated:
        return Answer.ALLOWED if door else Answer.SIGN_IN
    if sample.needs and not relation(sample.needs):
        return Answer.FORBIDDEN
    if variant == "plain":
        return Answer.ALLOWED if door else Answer.FORBIDDEN
    reading = reading_permission(table, route)
    seen = relation(sample.sees or reading or permission)
    visible = variant == "shared" or oracle.reaches_all(seen) or (seen == "own" and variant == "own")
    if not door:
        hides = route.kind is Kind.API and relation(reading) and not visible
        return Answer.HIDDEN if hides else Answer.FORBIDDEN
    if not visible:
        return Answer.HIDDEN
    acts = sample.acts or permission
    reach = relation(acts)
    if variant == "shared" and reach:  # a share opens what it grants, and no more
        return Answer.ALLOWED if oracle.reaches_all(reach) or acts in SHARED else Answer.FORBIDDEN
    return Answer.ALLOWED if oracle.reaches_all(reach) or (reach and variant == "own") else Answer.FORBIDDEN


def reading_permission(table: oracle.Oracle, route: Route) -> str:
    """The permission of GET on the address of the object that a route acts on, where there is one."""
    found = _OBJECT.match(route.path)
    return table.routes.get(f"{route.host} GET {found[1]}", "") if found else ""


def got(route: Route, answer: Any, sample: Sample) -> Answer | str:
    """What an answer over HTTP comes to."""
    code = answer.status_code
    if route.kind is Kind.PAGE and code == 302 and answer["Location"].startswith("/login/"):
        return Answer.ALLOWED if sample.to_login else Answer.SIGN_IN
    if code in sample.may or code < 400 or code == 400:
        return Answer.ALLOWED
    return {401: Answer.SIGN_IN, 403: Answer.FORBIDDEN, 404: Answer.HIDDEN}.get(code, f"status {code}")


def address(path: str, value: Any) -> str:
    """The path with its parameters filled in."""
    if not isinstance(value, dict):
        value = dict.fromkeys(re.findall(r"\{(\w+)\}", path), value)
    return re.sub(r"\{(\w+)\}", lambda found: str(value[found[1]]), path)


def ask(world: World, route: Route, persona: Persona, variant: str, sample: Sample) -> Any:
    """Send the sample's request as somebody."""
    value = sample.params or {}
    if variant != "plain":
        value = getattr(sample, variant)(world, persona)
    body = sample.body(world, persona, value) if callable(sample.body) else sample.body
    send = ask_api if route.kind is Kind.API else ask_page
    return send(world, persona, route.method, address(route.path, value), body, sample.query)


def problem(world: World, route: Route, persona: Persona, variant: str, sample: Sample, answer: Any) -> str:
    """How an answer differs from what the committed table says, or nothing."""
    wanted = expected(route, persona, variant, sample)
    if persona.key in ("stranger", "deactivated") and answer.status_code == 401:
        wanted = Answer.SIGN_IN  # a credential that does not hold is refused, also where none is needed
    found = got(route, answer, sample)
    if found != wanted:
        return f"{found} instead of {wanted}: {answer.status_code} {answer.content[:500]!r}"
    if wanted is Answer.ALLOWED and sample.shows is not None:
        table = oracle.read()
        relation = table.relation(str(route.host), sample.acts or table.routes[route.key], persona.columns)
        shown = str(sample.shows(world, persona)) in answer.content.decode()
        if shown != oracle.reaches_all(relation):
            return "the list shows more, or less, than the cell says"
    return ""
