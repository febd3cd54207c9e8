"""The outbox: what is enqueued, who claims it, what becomes of it."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

import tests.support.extra_tasks.tasks as extra
from shared_apps.core import outbox, streams, valkey
from shared_apps.core.background import HINTS, enqueue, plain
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.models import OutboxMessage
from tenant_apps.todos.models import Todo
from tests.support.outbox import run_pending

Status = OutboxMessage.Status


@pytest.fixture(autouse=True)
def _empty():
    extra.SEEN.clear()
    valkey.client().delete(valkey.platform_key(HINTS))


def the_message() -> OutboxMessage:
    return OutboxMessage.objects.get()


@pytest.mark.django_db(transaction=True)
def test_enqueue_outside_a_transaction_is_refused(in_acme):
    with pytest.raises(transaction.TransactionManagementError, match=r"extra_tasks\.note_context"):
        enqueue("extra_tasks.note_context")
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_a_rolled_back_transaction_leaves_no_message_and_no_hint(in_acme, django_capture_on_commit_callbacks):
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(ZeroDivisionError),
        transaction.atomic(),
    ):
        enqueue("extra_tasks.note_context")
        raise ZeroDivisionError
    assert not OutboxMessage.objects.exists()
    assert valkey.client().zcard(valkey.platform_key(HINTS)) == 0


@pytest.mark.django_db
def test_the_schema_is_bound_when_it_is_called_not_at_commit(
    acme, globex, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        with tenant_context(acme):
            enqueue("extra_tasks.note_context", number=1)
            enqueue("extra_tasks.note_context", number=2)
        with tenant_context(globex):
            pass
    assert len(callbacks) == 1
    assert valkey.client().zrange(valkey.platform_key(HINTS), 0, -1) == [acme.schema_name.encode()]
    with tenant_context(globex):
        assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_a_lost_valkey_does_not_undo_the_commit(
    in_acme, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(valkey, "client", lambda: valkey.redis.Redis(port=1))
    with django_capture_on_commit_callbacks(execute=True):
        enqueue("extra_tasks.note_context")
    assert the_message().status == Status.PENDING
    assert [record.message for record in caplog.records] == ["the dispatcher was not told"]


@pytest.mark.django_db(transaction=True)
def test_a_commit_is_told_as_done_when_valkey_is_away(in_acme, monkeypatch):
    """Through Django's own running of the hooks, which is another path than the fixture's."""
    monkeypatch.setattr(valkey, "client", lambda: valkey.redis.Redis(port=1))
    with transaction.atomic():
        enqueue("extra_tasks.note_context")
        streams.publish("trades", {"id": 1})
    assert sorted(OutboxMessage.objects.values_list("task", flat=True)) == [
        "core.deliver_stream", "extra_tasks.note_context",
    ]  # fmt: skip


def test_arguments_are_plain_json():
    some = uuid4()
    assert plain({"id": some, "price": Decimal("1.50"), "day": date(2026, 1, 2)}) == {
        "id": str(some),
        "price": "1.50",
        "day": "2026-01-02",
    }
    with pytest.raises(TypeError, match="pass an id"):
        plain({"todo": Todo(title="a")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        plain({"price": float("nan")})


@pytest.mark.django_db
def test_a_task_runs_in_its_tenant_as_itself_and_is_done(in_acme):
    with audit_context(request_id="req-1"):
        enqueue("extra_tasks.note_context", number=1)
    with platform_context():
        (result,) = run_pending(in_acme.schema_name)
    assert result.state == "SUCCESS", result.traceback
    assert [
        {"schema": in_acme.schema_name, "actor": "extra_tasks.note_context", "cid": "req-1", "number": 1}
    ] == extra.SEEN
    message = the_message()
    assert (message.status, message.attempts) == (Status.DONE, 1)
    assert message.done_at is not None


@pytest.mark.django_db
def test_a_countdown_waits(in_acme):
    enqueue("extra_tasks.note_context", countdown=300)
    assert run_pending(in_acme.schema_name) == []
    assert len(run_pending(in_acme.schema_name, now=timezone.now() + timedelta(seconds=301))) == 1


@pytest.mark.django_db
def test_a_failure_is_kept_tried_again_and_finally_given_up(in_acme, caplog):
    enqueue("extra_tasks.fail_dirty")
    now = timezone.now()
    for attempt in (1, 2):
        (result,) = run_pending(in_acme.schema_name, now=now)
        assert result.state == "FAILURE"
        message = the_message()
        assert (message.status, message.attempts) == (Status.PENDING, attempt)
        assert message.last_error == "RuntimeError: in the middle"
        wait = (message.available_at - timezone.now()).total_seconds()
        assert wait == pytest.approx(outbox.backoff(attempt).total_seconds(), abs=1)
        now = message.available_at
    run_pending(in_acme.schema_name, now=now)
    message = the_message()
    assert (message.status, message.attempts) == (Status.DEAD, 3)
    assert message.last_error == "RuntimeError: in the middle"
    assert "outbox.dead" in caplog.messages
    assert run_pending(in_acme.schema_name, now=now + timedelta(days=1)) == []


@pytest.mark.django_db
def test_a_message_that_is_not_done_in_time_is_sent_again_and_dies_at_last(in_acme):
    enqueue("extra_tasks.add_todo", title="a")
    now, policy = timezone.now(), outbox.POLICIES["extra_tasks.add_todo"]
    for attempt in range(1, policy.max_attempts + 1):
        assert len(outbox.claim(in_acme.schema_name, now=now)) == 1
        assert outbox.claim(in_acme.schema_name, now=now) == []
        message = the_message()
        assert (message.status, message.attempts) == (Status.SENT, attempt)
        assert message.available_at >= now + timedelta(seconds=policy.retry_after)
        now = message.available_at
    assert outbox.claim(in_acme.schema_name, now=now) == []
    assert (the_message().status, the_message().last_error) == (Status.DEAD, "it never finished in time")


@pytest.mark.django_db
def test_an_unknown_task_dies_with_the_reason(in_acme):
    OutboxMessage.objects.create(task="nobody.knows_this")
    assert outbox.claim(in_acme.schema_name, now=timezone.now()) == []
    assert (the_message().status, the_message().last_error) == (Status.DEAD, "no task has this name")


@pytest.mark.django_db
def test_a_broker_that_is_away_gives_the_messages_back(in_acme, monkeypatch):
    enqueue("extra_tasks.note_context")

    def away(*_args, **_kwargs):
        raise OperationalError("no broker")

    monkeypatch.setattr(type(current_app.tasks["extra_tasks.note_context"]), "apply_async", away)
    with pytest.raises(OperationalError):
        outbox.dispatch([in_acme.schema_name])
    assert (the_message().status, the_message().attempts) == (Status.PENDING, 0)


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_never_claim_the_same_message(in_acme):
    with transaction.atomic():
        for number in range(40):
            enqueue("extra_tasks.note_context", number=number)
    claimed: list[list] = []
    barrier = threading.Barrier(4)

    def dispatcher():
        barrier.wait()
        while messages := outbox.claim(in_acme.schema_name, now=timezone.now(), limit=7):
            claimed.append([message.id for message in messages])
        connection.close()

    threads = [threading.Thread(target=dispatcher) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [each for batch in claimed for each in batch]
    assert len(ids) == len(set(ids)) == 40


@pytest.mark.django_db
def test_a_second_delivery_of_a_done_message_does_nothing(in_acme):
    enqueue("extra_tasks.add_todo", title="once")
    (message,) = outbox.claim(in_acme.schema_name, now=timezone.now())
    from shared_apps.core.envelope import Envelope
    from tests.support.outbox import apply

    envelope = Envelope(in_acme.schema_name, message.id)
    for _delivery in range(2):
        assert apply(message.task, message.kwargs, envelope).state == "SUCCESS"
    assert Todo.objects.filter(title="once").count() == 1
    assert the_message().status == Status.DONE


@pytest.mark.django_db(transaction=True)
def test_two_deliveries_at_once_have_one_effect(in_acme):
    from shared_apps.core.envelope import Envelope
    from tests.support.outbox import apply

    with transaction.atomic():
        enqueue("extra_tasks.add_todo", title="once", pause=0.3)
    (message,) = outbox.claim(in_acme.schema_name, now=timezone.now())
    envelope = Envelope(in_acme.schema_name, message.id)
    states = []

    def deliver():
        states.append(apply(message.task, message.kwargs, envelope).state)
        connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["SUCCESS", "SUCCESS"]
    assert Todo.objects.filter(title="once").count() == 1


@pytest.mark.django_db
def test_a_redelivery_by_the_broker_counts_so_that_a_killer_task_ends(in_acme):
    enqueue("extra_tasks.fail_dirty")
    (message,) = outbox.claim(in_acme.schema_name, now=timezone.now())
    assert outbox.count_redelivery(message.id) is True
    assert outbox.count_redelivery(message.id) is True
    assert outbox.count_redelivery(message.id) is False
    assert the_message().status == Status.DEAD


def test_backoff_doubles_up_to_five_minutes():
    assert [outbox.backoff(n).total_seconds() for n in (1, 2, 3, 7, 50)] == [5, 10, 20, 300, 300]
