"""One list of changes and events, newest first, in pages that neither skip nor repeat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audit import queries
from audit.models import AuditEntry, AuditLog
from audit.queries import Filters, Position
from shared_apps.access.actors import Actor, load_actor
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.core.events import emit
from shared_apps.tenants.models import Tenant
from tenant_apps.members.events import RoleChanged
from tenant_apps.members.models import Member


@pytest.fixture
def auditor(in_acme: Tenant, person: Callable[..., Any]) -> Actor:
    return load_actor(person("auditor@acme"), in_acme, fresh=True)


@pytest.fixture
def story(in_acme: Tenant, person: Callable[..., Any]) -> Member:
    """Olivia changes Tariq's name and role in one request; a bot changes it again in another."""
    owner = person("owner@acme")
    member = Member.objects.get(email="trader@acme.example.com")
    olivia = audit_context(
        actor_id=owner.pk, actor_email=owner.email, actor_label="", request_id="r-1", reason="asked"
    )
    with olivia, transaction.atomic():
        Member.objects.filter(pk=member.pk).update(name="Theo 100%")
        emit(RoleChanged(member_id=member.pk, user_id=member.user_id, before=["trader"], after=["buyer"]))
    with audit_context(actor_label="bots.engine", request_id="r-2"), transaction.atomic():
        Member.objects.filter(pk=member.pk).update(name="Thea")
    return member


def words(events: list[queries.AuditEvent]) -> list[str]:
    return [event.action for event in events]


@pytest.mark.req("C15", "F97", "S1-49")
def test_changes_and_events_come_together_newest_first(auditor: Actor, story: Member) -> None:
    newest, event, change = queries.visible_events(auditor)[:3]
    assert (newest.action, event.action, change.action) == ("update", "role_changed", "update")
    assert newest.actor.name == "bots.engine" and newest.changes == {"name": ["Theo 100%", "Thea"]}
    assert (change.kind, change.object_type, change.object_id) == ("change", "members.member", str(story.pk))
    assert (change.actor.name, change.reason, change.request_id) == (
        "owner@acme.example.com", "asked", "r-1",
    )  # fmt: skip
    assert event.details["after"] == ["buyer"] and event.target_id == story.user_id
    assert event.actor == change.actor
    assert newest.timestamp > event.timestamp > change.timestamp
    both = AuditEntry.objects.count() + AuditLog.objects.count()
    assert queries.visible_events(auditor).count() == both == len(queries.visible_events(auditor)[:1000])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"actor": "owner@ACME.example.com"}, ["role_changed", "update"]),
        ({"actor": "bots.engine"}, ["update"]),
        ({"request_id": "r-1"}, ["role_changed", "update"]),
        ({"action": "role_changed"}, ["role_changed"]),
        ({"action": "update"}, ["update", "update"]),
        ({"action": "nonsense"}, []),
        ({"object_type": "members.member", "action": "update"}, ["update", "update"]),
        ({"object_type": "no dot"}, []),
        ({"text": "thea"}, ["update"]),
        ({"text": "o 100%"}, ["update", "update"]),
        ({"text": "100_"}, []),
        ({"text": "role_ch"}, ["role_changed"]),
        ({"text": "buyer", "request_id": "r-1"}, ["role_changed"]),
        ({"text": 'say "x"'}, []),
        ({"since": timezone.now() + timedelta(hours=1)}, []),
        ({"until": timezone.now() - timedelta(days=4000)}, []),
        ({"actor": "99999999999999999999999"}, []),
    ],
)
def test_filters(auditor: Actor, story: Member, filters: dict[str, Any], expected: list[str]) -> None:
    found = queries.visible_events(auditor, Filters(**filters))
    assert words(found[:50]) == expected
    assert found.count() == len(expected)


def test_the_history_of_one_object(auditor: Actor, story: Member) -> None:
    history = queries.history_of(auditor, "members.member", story.pk)
    assert words(history)[:3] == ["update", "role_changed", "update"]
    assert words(history)[-1] == "create"


def test_places_neither_skip_nor_repeat(auditor: Actor, story: Member) -> None:
    """Also when many rows share one instant, as rows of one statement and their event can."""
    events = queries.visible_events(auditor)
    everything = events[:10_000]
    assert len(everything) > 10
    down, place = list(events[:2]), events[:2][-1].position
    while part := events.older_than(place, 3):
        down += part
        place = part[-1].position
    assert down == everything
    up: list[Any] = []
    while part := events.newer_than(place, 3):
        up = part + up
        place = part[0].position
    assert up == everything[:-1]


def test_equal_instants_have_an_order() -> None:
    now = timezone.now()
    places = [Position(now, 1, AuditLog().pk), Position(now, 0, 9), Position(now, 0, 8)]
    assert sorted(places, reverse=True) == places
    assert [Position.parse(place.token()) for place in places] == places


@given(st.text(max_size=60))
def test_a_made_up_cursor_is_refused_or_a_place(text: str) -> None:
    try:
        assert isinstance(Position.parse(text), Position)
    except DomainError as error:
        assert (error.code, error.field) == ("audit.cursor_invalid", "cursor")


@pytest.mark.parametrize("key", ["trader", "staff", "buyer", "seller", "verifier"])
def test_others_are_refused(in_acme: Tenant, person: Callable[..., Any], key: str) -> None:
    with pytest.raises(ForbiddenError):
        queries.visible_events(load_actor(person(f"{key}@acme"), in_acme, fresh=True))


def test_the_right_holds_in_ones_own_schema_only(globex: Tenant, auditor: Actor) -> None:
    with tenant_context(globex), pytest.raises(ForbiddenError):
        queries.visible_events(auditor)
    with platform_context(), pytest.raises(ForbiddenError):
        queries.visible_events(auditor)
