"""Attack table, row 25: the log cannot be changed, emptied, forged or switched off by the runtime role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connections, transaction

from audit.models import AuditEntry, AuditLog
from shared_apps.core.context import audit_context, platform_context
from shared_apps.tenants.models import Tenant

SqlState = Callable[..., str | None]

ATTACKS = {
    "update": "UPDATE {table} SET actor_email = 'somebody.else@example.com'",
    "delete": "DELETE FROM {table}",
    "truncate": "TRUNCATE {table}",
    "disable": "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "drop trigger": "DROP TRIGGER audit_deny_row ON {table}",
    "drop": "DROP TABLE {table}",
    "rename": "ALTER TABLE {table} RENAME TO x",
    "replica": "SET session_replication_role = replica",
    "merge": "MERGE INTO {table} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
}


@pytest.mark.req("F98", "S1-49")
@pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditlog"])
@pytest.mark.hostile_sql
@pytest.mark.parametrize("attack", ATTACKS)
def test_the_runtime_role_cannot_touch_the_log(
    in_acme: Tenant, sqlstate: SqlState, table: str, attack: str
) -> None:
    with transaction.atomic():
        AuditLog.objects.create(action="audit.probe")
    entries, events = AuditEntry.objects.count(), AuditLog.objects.count()
    assert entries and events
    assert sqlstate(ATTACKS[attack].format(table=table)) == "42501"
    with platform_context():
        assert sqlstate(ATTACKS[attack].format(table=table)) == "42501"
    assert (AuditEntry.objects.count(), AuditLog.objects.count()) == (entries, events)


@pytest.mark.parametrize("attack", ["update", "delete", "truncate"])
@pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditlog"])
@pytest.mark.django_db(databases=["default", "owner"])
def test_nor_the_owner_by_a_statement_of_data(
    acme: Tenant, sqlstate: SqlState, table: str, attack: str
) -> None:
    with transaction.atomic(using="owner"):
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                f'INSERT INTO "{acme.schema_name}".audit_auditlog (id, actor_email, action, object_type, '
                "object_pk, details, request_id, additional_data, timestamp) VALUES "
                "('01890000-0000-7000-8000-000000000000', '', 'x', '', '', '{}', '', '{}', now())"
            )
        statement = ATTACKS[attack].format(table=f'"{acme.schema_name}".{table}')
        assert sqlstate(statement, using="owner") == "42501"
        transaction.set_rollback(True, using="owner")


@pytest.mark.hostile_sql
def test_captured_rows_cannot_be_made_up(in_acme: Tenant, sqlstate: SqlState) -> None:
    statement = (
        "INSERT INTO audit_auditentry (content_type_id, object_pk, object_repr, action, changes_text, "
        '"timestamp") VALUES (1, 1, 1, 1, 1, now())'
    )
    assert sqlstate(statement) == "42501"
    assert (
        sqlstate("CREATE TRIGGER x AFTER INSERT ON audit_auditlog EXECUTE FUNCTION audit_stamp()") == "42501"
    )


def test_the_actor_of_an_event_is_the_transactions(in_acme: Tenant) -> None:
    me = audit_context(actor_id=5, actor_email="me@example.com", request_id="r1", remote_addr="192.0.2.1")
    with me, transaction.atomic():
        row = AuditLog.objects.create(
            action="audit.probe", actor_id=99, actor_email="other@example.com", request_id="forged",
            remote_addr="198.51.100.1", timestamp="2001-01-01T00:00Z", additional_data={"role": "x"},
        )  # fmt: skip
    row.refresh_from_db()
    assert (row.actor_id, row.actor_email, row.request_id) == (5, "me@example.com", "r1")
    assert row.remote_addr == "192.0.2.1"
    assert row.timestamp.year > 2020
    assert row.additional_data == {"role": in_acme.db_role, "label": "test"}


def test_an_event_without_an_actor_is_refused(in_acme: Tenant, sqlstate: SqlState) -> None:
    statement = (
        "INSERT INTO audit_auditlog (id, actor_email, action, object_type, object_pk, details, request_id, "
        "additional_data, timestamp) VALUES "
        "('01890000-0000-7000-8000-000000000000', '', 'x', '', '', '{}', '', '{}', now())"
    )
    with audit_context(actor_label=""):
        assert sqlstate(statement) == "42501"
    assert not AuditLog.objects.filter(action="x").exists()
    assert sqlstate(statement) is None


def test_the_role_in_a_row_is_true_even_when_the_context_is_forged(in_acme: Tenant) -> None:
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.execute("""SET LOCAL audit.ctx = '{"actor": 1, "role": "tr_t_somebodyelse"}'""")
        cursor.execute("UPDATE members_member SET name = name || '!'")
    row = AuditEntry.objects.order_by("-id")[0]
    assert (row.actor_id, row.additional_data["role"]) == (1, in_acme.db_role)
