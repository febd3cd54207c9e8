"""The database does what the models say: every table has its trigger, or a reason why not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from django.apps.registry import Apps
from django.db import connection, connections, models, transaction

from audit import catalogue, checks, registry, triggers
from audit.models import AuditEntry
from shared_apps.core.context import tenant_context
from shared_apps.core.models import TenantModel
from shared_apps.tenants.models import Tenant
from tenant_apps.members.models import Member
from tests import servers


@pytest.fixture
def owner(transactional_db: None) -> Iterator[Callable[[str], None]]:
    """Run a statement as the owner, for good; the database is made anew after the test."""

    def run(statement: str) -> None:
        with servers.postgres.connect(servers.DATABASE, "tradehall_owner") as database:
            database.execute(statement)

    yield run
    connections["default"].close()


def problems() -> list[str]:
    with connection.cursor() as cursor:
        return list(catalogue.problems(cursor))


@pytest.mark.req("F98", "S1-49")
@pytest.mark.django_db
def test_every_table_of_every_schema_is_captured_or_exempt() -> None:
    with connection.cursor() as cursor:
        schemas = catalogue.schemas(cursor)
    tenants = list(Tenant.objects.values_list("schema_name", flat=True))
    assert {"public", *tenants} < set(schemas)
    assert problems() == []
    assert checks.check_triggers(databases=["default"]) == []


@pytest.mark.parametrize(
    ("sabotage", "seen"),
    [
        ("CREATE TABLE {s}.members_wish (id int)", "members_wish is neither captured nor exempt"),
        ("DROP TRIGGER zz_audit ON {s}.members_member", "members_member has no trigger zz_audit"),
        ("ALTER TABLE {s}.members_member DISABLE TRIGGER zz_audit", "members_member: the trigger is off"),
        ("ALTER FUNCTION {s}.audit_members_member() SECURITY INVOKER", "does not run as the owner"),
        (
            "CREATE OR REPLACE FUNCTION {s}.audit_members_member() RETURNS trigger LANGUAGE plpgsql "
            "SECURITY DEFINER AS $$ BEGIN RETURN NULL; END $$",
            "members_member: the trigger is not the one that the models describe",
        ),
        ("DROP TRIGGER audit_deny_row ON {s}.audit_auditentry", "audit_deny_row is not ENABLE ALWAYS"),
        (
            "ALTER TABLE {s}.audit_auditlog ENABLE TRIGGER audit_deny_truncate",
            "audit_auditlog: audit_deny_truncate is not ENABLE ALWAYS",
        ),
        ("DROP TRIGGER audit_stamp ON {s}.audit_auditlog", "audit_auditlog has no trigger audit_stamp"),
    ],
)
def test_a_hole_in_the_capture_is_found(owner: Callable[[str], None], sabotage: str, seen: str) -> None:
    schema = Tenant.objects.get(slug="acme").schema_name
    owner(sabotage.format(s=f'"{schema}"'))
    found = problems()
    assert len(found) == 1
    assert found[0].startswith(schema) and seen in found[0]


def test_a_renamed_masked_column_is_never_logged_in_clear(owner: Callable[[str], None]) -> None:
    """Between the migration's rename and its new trigger the old one fails closed."""
    acme = Tenant.objects.get(slug="acme")
    owner(f'ALTER TABLE "{acme.schema_name}".members_member RENAME COLUMN name TO secret_name')
    with (
        tenant_context(acme),
        transaction.atomic(),
        pytest.raises(Exception, match='record "new" has no field "name"'),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE members_member SET secret_name = 'hidden'")
    with tenant_context(acme):
        assert not AuditEntry.objects.filter(changes__icontains="hidden").exists()


@pytest.mark.req("F98")
def test_the_masks_follow_a_renamed_field(owner: Callable[[str], None]) -> None:
    acme = Tenant.objects.get(slug="acme")
    capture = registry.Capture(
        table="members_member", label="members.member", content_type_id=1, pk_column="id",
        pk_is_integer=False,
        columns=(registry.Column("secret_name", "secret_name", registry.Kind.TEXT, masked=True),),
    )  # fmt: skip
    owner(f'ALTER TABLE "{acme.schema_name}".members_member RENAME COLUMN name TO secret_name')
    owner(triggers.capture_function(acme.schema_name, capture))
    with tenant_context(acme), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE members_member SET secret_name = 'hidden'")
        entry = AuditEntry.objects.order_by("-id")[0]
    assert entry.changes == {"secret_name": ["***", "***"]}


def test_the_text_for_a_tenant_is_the_templates_with_the_name_replaced() -> None:
    of_template = triggers.trigger_statements("tpl_tradehall_q7x")
    replaced = [text.replace("tpl_tradehall_q7x", "t_aaaaaaaaaaaaaaaa") for text in of_template]
    assert replaced == triggers.trigger_statements("t_aaaaaaaaaaaaaaaa")
    assert "tpl_tradehall_q7x" not in "".join(replaced)


def test_public_and_tenant_tables_are_kept_apart() -> None:
    public = {capture.table for capture in registry.captures("public")}
    tenant = {capture.table for capture in registry.captures("t_aaaaaaaaaaaaaaaa")}
    assert {"users_user", "users_user_groups", "tenants_tenant", "auth_group"} <= public
    assert {"members_member", "members_userobjectgrant"} <= tenant
    assert public & tenant == {"ledger_hold"}, "what both have is captured in both"


@pytest.mark.req("F98")
@pytest.mark.django_db(databases=["default", "owner"])
def test_every_kind_of_value_is_logged_exactly(acme: Tenant) -> None:
    """Numbers keep their digits, texts and documents their characters, binary is hexadecimal."""
    columns = {
        "id": ("bigint", registry.Kind.PLAIN, "7", "7"),
        "price": ("numeric(38,18)", registry.Kind.PLAIN, "0.000000000000000001", "0.000000000000000001"),
        "flag": ("boolean", registry.Kind.PLAIN, "true", "true"),
        "ip": ("inet", registry.Kind.ADDRESS, "2001:db8::1", "2001:db8::1"),
        "day": ("date", registry.Kind.ISO, "31.12.2025", "2025-12-31"),
        "at": ("timestamptz", registry.Kind.ISO, "2025-12-31 23:59:59.000001+02",
               "2025-12-31T21:59:59.000001+00:00"),
        "note": ("text", registry.Kind.TEXT, 'a "b" \\u0000 \\ \n\t☃\x01', 'a "b" \\u0000 \\ \n\t☃\x01'),
        "doc": ("jsonb", registry.Kind.JSON, '{"k": [1.10, "x"]}', '{"k": [1.10, "x"]}'),
        "tags": ("varchar(9)[]", registry.Kind.JSON, '{a,"b \\"c"}', '["a","b \\"c"]'),
        "raw": ("bytea", registry.Kind.BYTES, "\\x00ff", "00ff"),
        "Order": ("text", registry.Kind.TEXT, "quoted name", "quoted name"),
        "gone": ("text", registry.Kind.TEXT, None, None),
    }  # fmt: skip
    capture = registry.Capture(
        table="audit_kinds", label="audit.kinds", content_type_id=5, pk_column="id", pk_is_integer=True,
        columns=tuple(registry.Column(name, name, spec[1]) for name, spec in columns.items()),
    )  # fmt: skip
    schema = acme.schema_name
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        definition = ", ".join(f'"{name}" {spec[0]}' for name, spec in columns.items())
        cursor.execute(f'CREATE TABLE "{schema}".audit_kinds ({definition})')
        cursor.execute(triggers.capture_function(schema, capture).replace("%", "%%"), ())
        cursor.execute(
            f'CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON "{schema}".audit_kinds '
            f'FOR EACH ROW EXECUTE FUNCTION "{schema}".audit_audit_kinds()'
        )
        cursor.execute("SET LOCAL DateStyle = 'German, DMY'")
        marks = ", ".join(["%s"] * len(columns))
        cursor.execute(
            f'INSERT INTO "{schema}".audit_kinds VALUES ({marks})', [spec[2] for spec in columns.values()]
        )
        cursor.execute(f'UPDATE "{schema}".audit_kinds SET gone = %s, note = NULL', ["now here"])
        cursor.execute(f'DELETE FROM "{schema}".audit_kinds')
        cursor.execute(
            f'SELECT action, object_id, changes FROM "{schema}".audit_auditentry WHERE content_type_id = 5 '
            "ORDER BY id"
        )
        rows = [(action, key, json.loads(changes)) for action, key, changes in cursor.fetchall()]
        transaction.set_rollback(True, using="owner")
    expected = {name: spec[3] for name, spec in columns.items() if spec[3] is not None}
    gone = {**{name: [value, None] for name, value in expected.items()}, "gone": ["now here", None]}
    del gone["note"]
    assert rows == [
        (0, 7, {name: [None, value] for name, value in expected.items()}),
        (1, 7, {"gone": [None, "now here"], "note": [expected["note"], None]}),
        (2, 7, gone),
    ]


def test_declarations_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Vault(TenantModel):
        api_token = models.CharField(max_length=10)
        pin = models.BinaryField()
        token_count = models.IntegerField()

        class Meta(TenantModel.Meta):
            app_label = "members"
            apps = Apps()

    monkeypatch.setattr(checks.apps, "get_models", lambda *_a, **_k: [Vault])
    assert [error.id for error in checks.check_secrets()] == ["audit.E004"] * 2
    monkeypatch.setattr(Vault, "audit_masked", ("api_token", "pin", "misspelt"))
    assert checks.check_secrets() == []
    assert [error.id for error in checks.check_declarations()] == ["audit.E002"]
    monkeypatch.setattr(Vault, "audit_exempt", True)
    assert "audit.E001" in [error.id for error in checks.check_declarations()]


def test_our_own_declarations_are_sound() -> None:
    assert checks.check_declarations() == []
    assert checks.check_secrets() == []
    assert registry.exempt_reason(Member) == ""
