"""The outbox with a real worker: how fast it is, what it survives."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from statistics import median

import pytest
from django.db import transaction
from django.utils import timezone

from shared_apps.core import valkey
from shared_apps.core.background import HINTS, enqueue
from shared_apps.core.context import tenant_context
from shared_apps.core.models import OutboxMessage
from tenant_apps.todos.models import Todo
from tests.support import live

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]
APPS = {"TEST_EXTRA_APPS": "tests.support.extra_tasks", "OUTBOX_SWEEP_SECONDS": "1"}


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    """Seconds until the condition held; fails after ``seconds``."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "it did not happen in time"
        time.sleep(0.05)
    return time.monotonic() - started


def put(task: str, **kwargs: object) -> None:
    with transaction.atomic():
        enqueue(task, **kwargs)


def open_messages() -> int:
    return OutboxMessage.objects.exclude(status=OutboxMessage.Status.DONE).count()


def test_a_hint_wakes_the_dispatcher_and_a_lost_hint_is_swept(in_acme):
    with live.worker(**APPS):
        put("extra_tasks.stamp", sent=timezone.now().timestamp())
        wait_for(lambda: open_messages() == 0, 40)  # the worker has started
        valkey.client().delete(valkey.key("delays"))
        for _ in range(20):
            put("extra_tasks.stamp", sent=timezone.now().timestamp())
            time.sleep(0.02)
        wait_for(lambda: open_messages() == 0, 10)
        delays = [float(each) for each in valkey.client().lrange(valkey.key("delays"), 0, -1)]
        assert len(delays) == 20
        assert median(delays) < 0.5, delays

        OutboxMessage.objects.create(task="extra_tasks.add_todo", kwargs={"title": "swept"})
        wait_for(lambda: Todo.objects.filter(title="swept").exists(), 6)
    assert valkey.client().zcard(valkey.platform_key(HINTS)) == 0


def test_nothing_is_lost_or_doubled_when_workers_are_killed(in_acme):
    with live.worker(**APPS) as first:
        put("extra_tasks.add_todo", title="warm")
        wait_for(lambda: open_messages() == 0, 40)
        put("extra_tasks.add_todo", title="child killed", die_once=True)
        wait_for(lambda: Todo.objects.filter(title="child killed").exists(), 20)
        put("extra_tasks.add_todo", title="all killed", pause=2.0)
        put("extra_tasks.add_todo", title="behind it", pause=0.1)
        time.sleep(0.7)
        live.end(first, signal.SIGKILL)
    assert not Todo.objects.filter(title="all killed").exists()
    put("extra_tasks.add_todo", title="enqueued while nobody worked")
    with live.worker(**APPS):
        wait_for(lambda: open_messages() == 0, 60)
    titles = sorted(Todo.objects.values_list("title", flat=True))
    assert titles == ["all killed", "behind it", "child killed", "enqueued while nobody worked", "warm"]


def test_a_suspended_tenants_messages_wait(acme, in_acme):
    from shared_apps.core.context import platform_context
    from shared_apps.tenants.models import Tenant

    with platform_context(), transaction.atomic():
        Tenant.objects.filter(pk=acme.pk).update(is_active=False, state="suspended")
    with live.worker(**APPS):
        with tenant_context(acme):
            put("extra_tasks.add_todo", title="later")
        time.sleep(6)
        assert not Todo.objects.exists()
        with platform_context(), transaction.atomic():
            Tenant.objects.filter(pk=acme.pk).update(is_active=True, state="active")
        wait_for(lambda: Todo.objects.filter(title="later").exists(), 30)
