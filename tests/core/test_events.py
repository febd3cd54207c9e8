from __future__ import annotations

import json
from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction

from shared_apps.core import events
from shared_apps.core.events import Event, emit, subscribe


@dataclass(frozen=True, kw_only=True)
class BellRang(Event):
    name = "tests.bell_rang"

    times: int


@pytest.fixture
def subscribers(monkeypatch):
    monkeypatch.setattr(events, "_SUBSCRIBERS", {})


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused(subscribers):
    heard = []
    subscribe(BellRang, heard.append)
    with pytest.raises(transaction.TransactionManagementError, match=r"tests\.bell_rang"):
        emit(BellRang(times=1))
    assert heard == []


@pytest.mark.django_db
def test_subscribers_of_the_class_come_before_those_of_all_events(subscribers):
    heard = []
    subscribe(Event, lambda event: heard.append(("all", event.times)))
    subscribe(BellRang, lambda event: heard.append(("bell", event.times)))
    emit(BellRang(times=2))
    assert heard == [("bell", 2), ("all", 2)]
    assert BellRang(times=2).payload() == {"times": 2}


@pytest.mark.django_db
def test_subscribing_twice_is_the_same_as_once(subscribers):
    heard = []
    subscribe(BellRang, heard.append)
    subscribe(BellRang, heard.append)
    emit(BellRang(times=1))
    assert len(heard) == 1


@pytest.mark.django_db
def test_a_failing_subscriber_undoes_the_change(subscribers, in_acme):
    from tenant_apps.members.models import Member

    def refuse(_event):
        raise ValueError("no")

    subscribe(BellRang, refuse)
    before = Member.objects.count()
    with pytest.raises(ValueError, match="no"), transaction.atomic():
        Member.objects.create(user_id=10**9, name="x", email="x@example.com")
        emit(BellRang(times=1))
    assert Member.objects.count() == before


def test_a_name_that_is_no_name_or_taken_is_refused():
    with pytest.raises(TypeError, match="must look like"):
        type("Nameless", (Event,), {"name": "nameless"})
    with pytest.raises(TypeError, match="already the name"):
        type("Another", (Event,), {"name": "tests.bell_rang"})


def test_the_command_prints_who_listens(subscribers):
    def handler(event):
        pass

    subscribe(BellRang, handler)
    out = StringIO()
    call_command("show_events", json=True, stdout=out)
    assert json.loads(out.getvalue())["tests.bell_rang"] == [f"{__name__}.{handler.__qualname__}"]
