"""Every way to write leaves a row with its actor in the same transaction; without an actor, nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from auditlog.models import LogEntry as StockLogEntry
from auditlog.registry import auditlog
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction
from django.db.models.signals import post_delete, post_save, pre_save

from audit.models import AuditEntry
from audit.queries import Filters, visible_events
from shared_apps.access.actors import Actor
from shared_apps.core.context import AUDIT, AuditContext, Schema, audit_context, tenant_context
from shared_apps.core.ids import uuid7
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member
from tests import servers

Log = Callable[[type[Any]], list[AuditEntry]]

ACTOR = {
    "actor_id": 4711,
    "actor_email": "ann@acme.example.com",
    "request_id": "req-42",
    "remote_addr": "192.0.2.7",
    "reason": "asked by phone",
    "impersonator_id": 9,
}


def member(**values: Any) -> Member:
    number = uuid7().int % 10**9
    return Member(**{"user_id": number, "name": "Nora", "email": f"n{number}@x.example", **values})


def by_save(log: Log) -> tuple[Any, int, dict[str, Any]]:
    row = member()
    row.save(force_insert=True)
    return row.pk, 0, {"name": [None, "Nora"], "email": [None, row.email]}


def by_changed_save(log: Log) -> tuple[Any, int, dict[str, Any]]:
    row = Member.objects.get(email="trader@acme.example.com")
    row.name = 'T"ariq\\ \n☃'
    row.save()
    return row.pk, 1, {"name": ["Tariq Trader", 'T"ariq\\ \n☃']}


def by_bulk_create(log: Log) -> tuple[Any, int, dict[str, Any]]:
    row = member(capabilities=["trader", "buyer"])
    Member.objects.bulk_create([row])
    return row.pk, 0, {"capabilities": [None, '["trader","buyer"]'], "is_active": [None, "true"]}


def by_bulk_update(log: Log) -> tuple[Any, int, dict[str, Any]]:
    row = Member.objects.get(email="trader@acme.example.com")
    row.is_active = False
    Member.objects.bulk_update([row], ["is_active"])
    return row.pk, 1, {"is_active": ["true", "false"]}


def by_queryset_update(log: Log) -> tuple[Any, int, dict[str, Any]]:
    rows = Member.objects.filter(email="trader@acme.example.com")
    rows.update(name="Theo")
    return rows.get().pk, 1, {"name": ["Tariq Trader", "Theo"]}


def by_delete(log: Log) -> tuple[Any, int, dict[str, Any]]:
    row = Member.objects.get(email="trader@acme.example.com")
    key = row.pk
    row.delete()
    return key, 2, {"name": ["Tariq Trader", None]}


def by_queryset_delete(log: Log) -> tuple[Any, int, dict[str, Any]]:
    rows = Member.objects.filter(email="trader@acme.example.com")
    key = rows.get().pk
    rows.delete()
    return key, 2, {"email": ["trader@acme.example.com", None]}


def by_raw_sql(log: Log) -> tuple[Any, int, dict[str, Any]]:
    key = Member.objects.get(email="trader@acme.example.com").pk
    with connection.cursor() as cursor:
        cursor.execute("UPDATE members_member SET name = 'Raw' WHERE id = %s", [key])
    return key, 1, {"name": ["Tariq Trader", "Raw"]}


def by_upsert(log: Log) -> tuple[Any, int, dict[str, Any]]:
    old = Member.objects.get(email="trader@acme.example.com")
    Member.objects.bulk_create(
        [member(user_id=old.user_id, name="Upserted", email="up@x.example")],
        update_conflicts=True, unique_fields=["user_id"], update_fields=["name"],
    )  # fmt: skip
    return old.pk, 1, {"name": ["Tariq Trader", "Upserted"]}


@pytest.mark.req("F98", "C15", "S1-29", "S1-49")
@pytest.mark.parametrize(
    "write",
    [by_save, by_changed_save, by_bulk_create, by_bulk_update, by_queryset_update, by_delete,
     by_queryset_delete, by_raw_sql, by_upsert],
)  # fmt: skip
def test_every_write_leaves_one_row_with_its_actor(in_acme: Tenant, log: Log, write: Any) -> None:
    before = len(log(Member))
    with audit_context(**ACTOR), transaction.atomic():
        key, action, changes = write(log)
    rows = log(Member)[before:]
    assert len(rows) == 1
    (row,) = rows
    assert (row.action, row.object_pk, row.object_id) == (action, str(key), None)
    assert row.object_repr == f"members.member:{key}"
    assert row.changes.items() >= changes.items()
    if action == AuditEntry.Action.UPDATE:
        assert row.changes == changes
    assert (row.actor_id, row.actor_email, row.cid, row.remote_addr) == (
        4711, "ann@acme.example.com", "req-42", "192.0.2.7",
    )  # fmt: skip
    assert row.additional_data == {
        "role": in_acme.db_role, "reason": "asked by phone", "impersonator": 9, "label": "test",
    }  # fmt: skip


@pytest.mark.req("F98")
@pytest.mark.django_db(transaction=True)
def test_psql_as_the_tenant_role_is_named_by_its_role(log: Log) -> None:
    acme = Tenant.objects.get(slug="acme")
    psql = Path(servers.postgres.bindir) / "psql"
    script = (
        f'SET search_path = "{acme.schema_name}"; SET ROLE "{acme.db_role}"; '
        "UPDATE members_member SET name = 'By hand' WHERE email = 'trader@acme.example.com'"
    )
    done = subprocess.run(
        [psql, "-X", "-v", "ON_ERROR_STOP=1", "-c", script, servers.postgres.dsn(servers.DATABASE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with tenant_context(acme):
        row = log(Member)[-1]
        assert Member.objects.get(email="trader@acme.example.com").name == "By hand"
    assert row.changes == {"name": ["Tariq Trader", "By hand"]}
    assert (row.actor_id, row.actor_email, row.cid) == (None, None, None)
    assert row.additional_data == {"role": acme.db_role}
    with tenant_context(acme):
        by_hand = visible_events(Actor.system("test", acme.schema_name), Filters(actor=acme.db_role))[:9]
    assert [(event.id, event.actor.name) for event in by_hand] == [(f"change-{row.pk}", acme.db_role)]


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_owner_is_named_by_its_role(acme: Tenant) -> None:
    token = AUDIT.set(AuditContext())
    try:
        with transaction.atomic(using="owner"):
            Group.objects.using("owner").create(name="made by a migration")
            row = AuditEntry.objects.using("owner").order_by("-id")[0]
    finally:
        AUDIT.reset(token)
    assert row.object_repr.startswith("auth.group:")
    assert row.additional_data == {"role": "tradehall_owner"}


def test_the_public_schema_is_captured_with_integer_ids(acme: Tenant, log: Log, person: Any) -> None:
    user = person("trader@acme")
    with audit_context(**ACTOR):
        user.bio = "hello"
        user.save(update_fields=["bio"])
    row = log(User)[-1]
    assert (row.object_id, row.object_pk) == (user.pk, str(user.pk))
    assert row.changes == {"bio": ["", "hello"]}
    assert row.additional_data["role"].endswith("_public")


def test_a_row_in_a_collection_is_a_change_of_its_object(acme: Tenant, log: Log, person: Any) -> None:
    user, group = person("admin"), Group.objects.create(name="night shift")
    user.groups.add(group)
    user.groups.remove(group)
    added, removed = log(User)[-2:]
    assert (added.action, added.object_id, added.changes) == (1, user.pk, {"groups": [None, str(group.pk)]})
    assert (removed.action, removed.object_id, removed.changes) == (
        1,
        user.pk,
        {"groups": [str(group.pk), None]},
    )


def test_a_write_that_changes_nothing_leaves_no_row(in_acme: Tenant, log: Log, person: Any) -> None:
    before = len(log(Member))
    Member.objects.get(email="trader@acme.example.com").save()
    assert len(log(Member)) == before


def test_left_out_fields_are_not_logged(acme: Tenant, log: Log, person: Any) -> None:
    user, before = person("trader@acme"), len(log(User))
    User.objects.filter(pk=user.pk).update(last_login="2026-01-01T00:00Z")
    assert len(log(User)) == before


@pytest.mark.parametrize(
    "context",
    [AuditContext(), AuditContext(actor_email="somebody@example.com", request_id="r", reason="no name")],
    ids=["empty", "without an actor"],
)
@pytest.mark.parametrize("write", [by_save, by_bulk_create, by_queryset_update, by_delete, by_raw_sql])
def test_without_an_actor_nothing_is_written(
    in_acme: Tenant, log: Log, write: Any, context: AuditContext
) -> None:
    members, entries = list(Member.objects.values_list("pk", "name")), AuditEntry.objects.count()
    token = AUDIT.set(context)
    try:
        with pytest.raises(DatabaseError, match="without audit context") as caught, transaction.atomic():
            write(log)
    finally:
        AUDIT.reset(token)
    assert caught.value.__cause__.sqlstate == "42501"  # type: ignore[union-attr]
    assert list(Member.objects.values_list("pk", "name")) == members
    assert AuditEntry.objects.count() == entries


@pytest.mark.django_db(transaction=True)
def test_a_write_outside_a_transaction_is_refused() -> None:
    acme = Tenant.objects.get(slug="acme")
    with tenant_context(acme), audit_context(**ACTOR):
        with pytest.raises(DatabaseError, match="without audit context"):
            Member.objects.update(name="nobody")
        assert not Member.objects.filter(name="nobody").exists()


def test_a_rolled_back_write_leaves_no_row(in_acme: Tenant, log: Log) -> None:
    before = len(log(Member))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Member.objects.update(name="gone")
        assert len(log(Member)) > before
        raise ZeroDivisionError
    assert len(log(Member)) == before


def test_the_next_transaction_has_its_own_actor(in_acme: Tenant, log: Log) -> None:
    rows = Member.objects.filter(email="trader@acme.example.com")
    with audit_context(actor_id=1), transaction.atomic():
        rows.update(name="one")
    with audit_context(actor_id=2), transaction.atomic():
        rows.update(name="two")
    rows.update(name="three")
    assert [row.actor_id for row in log(Member)[-3:]] == [1, 2, None]
    assert [row.additional_data["label"] for row in log(Member)[-3:]] == ["test"] * 3


@pytest.mark.req("F98")
def test_every_row_of_the_seeded_demo_names_somebody(acme: Tenant, globex: Tenant) -> None:
    for schema in ("public", acme.schema_name, globex.schema_name):
        with tenant_context(Schema(schema)):
            nameless = AuditEntry.objects.filter(actor_id=None, additional_data__label__isnull=True)
            assert AuditEntry.objects.exists()
            assert not [row for row in nameless if row.additional_data["role"] != "tradehall_owner"]


@pytest.mark.req("F98")
def test_password_hashes_never_appear(acme: Tenant, person: Any) -> None:
    user = User.objects.create_user("vera", "vera@x.example", "first-Passw0rd")
    first = user.password
    user.set_password("second-Passw0rd")
    user.save()
    rows = list(AuditEntry.objects.filter(object_repr=f"users.user:{user.pk}").order_by("id"))
    User.objects.filter(pk=user.pk)._raw_delete("default")  # people are anonymised; only SQL deletes them
    rows += list(AuditEntry.objects.filter(object_repr=f"users.user:{user.pk}").order_by("-id")[:1])
    assert [row.changes.get("password") for row in rows] == [[None, "***"], ["***", "***"], ["***", None]]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM audit_auditentry e")
        everything = cursor.fetchone()[0]
    hashes = [first, user.password, *User.objects.values_list("password", flat=True)]
    assert not [
        value for value in hashes if value and (value in everything or value.split("$")[-1] in everything)
    ]


@pytest.mark.req("C15")
def test_auditlog_reads_the_rows_and_its_receivers_are_off(in_acme: Tenant, person: Any) -> None:
    assert StockLogEntry is AuditEntry or StockLogEntry._meta.swapped
    assert auditlog.contains(Member) and auditlog.contains(User)
    assert auditlog.get_model_fields(User)["mask_fields"] == ["password"]
    assert not auditlog.contains(AuditEntry)
    for signal in (pre_save, post_save, post_delete):
        listening = [str(receiver) for receiver in signal._live_receivers(Member)[0]]
        assert not [name for name in listening if "auditlog" in name]
    row = Member.objects.get(email="trader@acme.example.com")
    row.name = "Theo"
    row.save()
    entry = AuditEntry.objects.get_for_object(row).latest()
    assert entry.changes_dict == {"name": ["Tariq Trader", "Theo"]}
    assert entry.changes_str == "name: Tariq Trader → Theo"
    assert entry.changes_display_dict == {"name": ["Tariq Trader", "Theo"]}
    assert str(entry) == f"Updated members.member:{row.pk}"
