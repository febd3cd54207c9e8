"""The matrix as data: what may be registered, and what a cell means."""

from __future__ import annotations

import pytest

from shared_apps.access import catalogue
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import Permission, Relation, UnknownPermission, can, register, require
from shared_apps.access.personas import AUDITORS, CAPABILITIES, PLATFORM_ROLES
from shared_apps.core.errors import ForbiddenError
from shared_apps.users.models import Role
from tenant_apps.members.models import Capability

TENANT = "t_aaaaaaaaaaaaaaaa"


@pytest.fixture(autouse=True)
def _own_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_rows", {})


def member(*capabilities: str) -> Actor:
    """A member with these capabilities."""
    return Actor(
        user_id=1,
        tenant_schema=TENANT,
        member_id=Capability,  # type: ignore[arg-type] - any value but None
        capabilities=frozenset(capabilities),
        platform_role="superadmin",
    )


@pytest.mark.req("C3", "F29")
def test_columns_are_the_roles_and_the_capabilities() -> None:
    assert list(PLATFORM_ROLES) == Role.values
    assert list(CAPABILITIES) == Capability.values


@pytest.mark.parametrize(
    ("permission", "reason"),
    [
        ({"name": "Todos.view"}, "app.verb_noun"),
        ({"name": "todos.view"}, "app.verb_noun"),
        ({"name": "todos.view_todo", "cells": {"king": Relation.OWN}}, "no such column: king"),
        ({"name": "todos.view_todo", "model": "members.Member"}, "by their own app"),
        (
            {"name": "todos.change_self", "cells": {"owner": Relation.TENANT}, "personal": True},
            "one's own rows only",
        ),
    ],
)
def test_malformed_rows_are_refused(permission: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Permission(label="x", **permission)


@pytest.mark.req("F29")
@pytest.mark.parametrize("column", [*AUDITORS, "user", "member"])
def test_an_auditor_can_be_given_nothing_that_writes(column: str) -> None:
    with pytest.raises(ValueError, match="auditors may only read"):
        Permission("todos.change_todo", "x", {column: Relation.OWN})
    Permission("todos.view_todo", "x", {column: Relation.OWN})


def test_a_name_is_taken_once() -> None:
    register(Permission("todos.view_todo", "x"))
    with pytest.raises(ValueError, match="registered twice"):
        register(Permission("todos.view_todo", "y"))


@pytest.mark.req("C3", "F30")
def test_the_widest_cell_of_ones_columns_counts() -> None:
    register(
        Permission(
            "todos.change_todo",
            "x",
            {"trader": Relation.OWN, "tenant_admin": Relation.TENANT, "superadmin": Relation.PLATFORM},
        )
    )
    assert can(member("trader"), "todos.change_todo") is Relation.OWN
    assert can(member("trader", "tenant_admin"), "todos.change_todo") is Relation.TENANT
    assert can(member("buyer"), "todos.change_todo") is None
    assert can(member(), "todos.change_todo") is None


@pytest.mark.req("C3")
def test_the_platform_role_counts_on_the_platform_only() -> None:
    register(
        Permission("todos.change_todo", "x", {"superadmin": Relation.PLATFORM, "owner": Relation.TENANT})
    )
    superadmin = Actor(user_id=1, platform_role="superadmin")
    assert can(superadmin, "todos.change_todo") is Relation.PLATFORM
    assert can(member(), "todos.change_todo") is None, "a superadmin inside a tenant is a mere member"
    owner_on_platform = Actor(user_id=1, platform_role="subscriber", capabilities=frozenset({"owner"}))
    assert can(owner_on_platform, "todos.change_todo") is None


def test_everybody_every_user_every_member() -> None:
    register(
        Permission("core.view_page", "x", {"anyone": Relation.ANYONE}),
        Permission("users.view_self", "x", {"user": Relation.OWN, "member": Relation.OWN}),
    )
    stranger = Actor(user_id=1, tenant_schema=TENANT, platform_role="superadmin")  # no member here
    for actor in (Actor.anonymous(), Actor.anonymous(TENANT), stranger):
        assert can(actor, "core.view_page") is Relation.ANYONE
        assert can(actor, "users.view_self") is None
        assert not actor.is_authenticated
    assert can(Actor(user_id=1, platform_role="subscriber"), "users.view_self") is Relation.OWN
    assert can(member(), "users.view_self") is Relation.OWN


def test_the_system_may_and_an_unknown_permission_is_an_error() -> None:
    register(Permission("todos.change_todo", "x"))
    assert can(Actor.system("bots.engine", TENANT), "todos.change_todo") is Relation.TENANT
    assert can(Actor.system("beat"), "todos.change_todo") is Relation.PLATFORM
    with pytest.raises(UnknownPermission):
        can(Actor.system("beat"), "todos.eat_todo")


def test_require_names_the_permission() -> None:
    register(Permission("todos.change_todo", "x", {"owner": Relation.TENANT}))
    assert require(member("owner"), "todos.change_todo") is Relation.TENANT
    with pytest.raises(ForbiddenError) as refused:
        require(member("buyer"), "todos.change_todo")
    assert (refused.value.status, refused.value.details) == (403, {"permission": "todos.change_todo"})
