from __future__ import annotations

import threading
import time

import pytest
from django.db import DatabaseError, connection, transaction

from shared_apps.core.context import tenant_context
from shared_apps.core.locking import lock, lock_one
from shared_apps.core.transactions import DoorTransaction
from tenant_apps.members.models import Member


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_a_transaction_is_refused(in_acme):
    with pytest.raises(transaction.TransactionManagementError, match=r"members\.Member"):
        lock(Member.objects.all())


@pytest.mark.django_db
def test_rows_are_locked_in_the_order_of_their_keys(in_acme, django_assert_num_queries):
    with django_assert_num_queries(1) as queries:
        members = lock(Member.objects.order_by("-name"))
    assert [member.pk for member in members] == sorted(member.pk for member in members)
    assert 'FOR UPDATE OF "members_member"' in queries[0]["sql"]


@pytest.mark.django_db
def test_one_row_or_none(in_acme):
    some = Member.objects.first()
    assert lock_one(Member.objects.filter(pk=some.pk)) == some
    assert lock_one(Member.objects.none()) is None
    with pytest.raises(Member.MultipleObjectsReturned.__mro__[1]):
        lock_one(Member.objects.all())


@pytest.mark.django_db(transaction=True)
def test_two_that_want_the_same_rows_never_deadlock(in_acme):
    keys = list(Member.objects.values_list("pk", flat=True))
    errors: list[Exception] = []
    barrier = threading.Barrier(2)

    def work(order: list) -> None:
        barrier.wait()
        try:
            with tenant_context(in_acme):
                for _ in range(15):
                    with transaction.atomic():
                        lock(Member.objects.filter(pk__in=order))
                        time.sleep(0.002)
        except DatabaseError as error:
            errors.append(error)
        connection.close()

    threads = [threading.Thread(target=work, args=(order,)) for order in (keys, keys[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.django_db(transaction=True)
def test_commands_nest_in_a_doors_transaction_and_in_nothing_else(in_acme):
    @transaction.atomic(durable=True)
    def command() -> None:
        Member.objects.filter(name="x").exists()

    with DoorTransaction():
        command()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        command()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), DoorTransaction():
        pass
