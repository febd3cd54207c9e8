"""Only the schema's own functions write its ledger, and only its own role calls them."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, connections, transaction

from shared_apps.core.context import PLATFORM, platform_context, tenant_context
from shared_apps.ledger import functions, queries, services
from shared_apps.ledger.models import LedgerAccount, Posting
from shared_apps.ledger.rules import Leg
from shared_apps.tenants.models import Tenant
from tests.tenants.test_isolation import sqlstate_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("F44", "S1-11")]

LEGS = [Leg("clearing:x:1", "EUR", -1000), Leg("member:x", "EUR", 1000)]
TABLES = ("ledger_ledgeraccount", "ledger_posting", "ledger_entry", "ledger_hold")
INSERTS = {
    "ledger_ledgeraccount": "INSERT INTO ledger_ledgeraccount (code, asset, balance, held, allow_negative, created_at) "
    "VALUES ('member:me', 'EUR', 1000000, 0, false, now())",
    "ledger_posting": "INSERT INTO ledger_posting (id, key, kind, reference, memo, request_hash, actor_label, request_id, "
    "created_at) VALUES ('01890000-0000-7000-8000-000000000009', 'x', 'x', '', '', '', '', '', now())",
    "ledger_entry": "INSERT INTO ledger_entry (posting_id, account_id, amount, balance_after) "
    "SELECT posting_id, account_id, amount, balance_after FROM ledger_entry LIMIT 1",
    "ledger_hold": "INSERT INTO ledger_hold (id, key, account_id, amount, state, reference, created_at) "
    "SELECT '01890000-0000-7000-8000-000000000009', 'x', id, 1, 'active', '', now() FROM ledger_ledgeraccount LIMIT 1",
}
CHANGES = {
    "ledger_ledgeraccount": "UPDATE ledger_ledgeraccount SET balance = balance + 1",
    "ledger_posting": "UPDATE ledger_posting SET memo = 'x'",
    "ledger_entry": "UPDATE ledger_entry SET amount = amount + 1",
    "ledger_hold": "UPDATE ledger_hold SET state = 'released'",
}


def post(key: str = "a") -> Posting:
    with transaction.atomic():
        return services.post(key=key, kind="deposit", legs=LEGS)


def call(schema: str, key: str = "x") -> str:
    return (
        f"SELECT refused FROM {schema}.ledger_post(NULL, gen_random_uuid(), '{key}', 'x', '', '', "
        "ARRAY['member:x', 'clearing:x:1'], ARRAY['EUR', 'EUR'], ARRAY[1, -1])"
    )


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["insert", "update", "delete", "truncate", "alter", "lock"])
@pytest.mark.hostile_sql
def test_no_runtime_role_writes_a_table(acme: Tenant, table: str, verb: str) -> None:
    statement = {
        "insert": INSERTS[table],
        "update": CHANGES[table],
        "delete": f"DELETE FROM {table}",
        "truncate": f"TRUNCATE {table} CASCADE",
        "alter": f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        "lock": f"LOCK TABLE {table} IN EXCLUSIVE MODE",
    }[verb]
    for place in (acme, PLATFORM):
        with tenant_context(place):
            post()
            before = (queries.totals(), queries.balance("member:x", "EUR"), Posting.objects.count())
            assert sqlstate_of(statement) == "42501"
            assert (queries.totals(), queries.balance("member:x", "EUR"), Posting.objects.count()) == before


@pytest.mark.parametrize(
    "signature", functions.SIGNATURES, ids=[each.partition("(")[0] for each in functions.SIGNATURES]
)
@pytest.mark.django_db(databases=["default", "owner"])
def test_a_function_belongs_to_the_owner_and_is_for_its_schemas_role_alone(
    acme: Tenant, signature: str
) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%%' OR nspname = 'public'", []
        )
        schemas = {row[0] for row in cursor.fetchall()}
        assert {"public", acme.schema_name} <= schemas
        for schema in schemas:
            mine = connection.role_for(schema)
            cursor.execute(
                "SELECT p.prosecdef, p.proconfig, pg_get_userbyid(p.proowner), "
                "ARRAY(SELECT coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC') FROM aclexplode(p.proacl) a ORDER BY 1) "
                "FROM pg_proc p WHERE p.oid = %s::regprocedure",
                [f'"{schema}".{signature}'],
            )
            definer, settings, owner, grantees = cursor.fetchone()
            assert definer and [each.replace('"', "") for each in settings] == [
                f"search_path={schema}, pg_temp",
                "enable_seqscan=off",
            ]
            assert sorted(grantees) == sorted([owner, mine])


@pytest.mark.hostile_sql
def test_nobody_calls_the_function_of_another_schema(acme: Tenant, globex: Tenant) -> None:
    schemas = {acme: f'"{acme.schema_name}"', globex: f'"{globex.schema_name}"', PLATFORM: "public"}
    for here in schemas:
        for there, name in schemas.items():
            with tenant_context(here):
                assert sqlstate_of(call(name)) == (None if here is there else "42501")


@pytest.mark.django_db(transaction=True)
@pytest.mark.hostile_sql
def test_another_search_path_changes_nothing_of_where_a_function_writes(acme: Tenant, globex: Tenant) -> None:
    """What committed unbalanced with qualified-by-path triggers: the path changes before COMMIT."""
    for tenant in (acme, globex):
        with tenant_context(tenant):
            post()
    with tenant_context(acme), transaction.atomic(), connection.cursor() as cursor:
        services.post(key="b", kind="x", legs=LEGS)
        for number, path in enumerate(("public", f'"{globex.schema_name}"', "pg_temp", "''")):
            cursor.execute(f"SET LOCAL search_path = {path}")
            cursor.execute(call(f'"{acme.schema_name}"', key=f"c{number}"))
    with tenant_context(acme):
        assert queries.balance("member:x", "EUR").balance == 2004
        assert (queries.totals(), queries.recompute()) == ({"EUR": 0}, [])
    with tenant_context(globex):
        assert queries.balance("member:x", "EUR").balance == 1000
    with platform_context():
        assert not Posting.objects.exists()


@pytest.mark.parametrize(
    "legs",
    [
        "ARRAY['member:x', 'y'], ARRAY['EUR', 'EUR'], ARRAY[1, -2]",
        "ARRAY['member:x', 'y'], ARRAY['EUR', 'USD'], ARRAY[1, -1]",
        "ARRAY['a', 'b', 'y'], ARRAY['EUR', 'EUR', 'EUR'], ARRAY[0.3, 0.3, -0.6]",
        "ARRAY['member:x', 'y'], ARRAY['EUR', 'EUR'], ARRAY['NaN', 'NaN']::numeric[]",
        "ARRAY['member:x', 'y'], ARRAY['EUR', 'EUR'], ARRAY['Infinity', '-Infinity']::numeric[]",
        "ARRAY['member:x'], ARRAY['EUR'], ARRAY[NULL]::numeric[]",
        "ARRAY[]::text[], ARRAY[]::text[], ARRAY[]::numeric[]",
        "NULL, NULL, NULL",
    ],
    ids=["sum", "assets", "fractions", "nan", "infinity", "null", "empty", "nothing"],
)
@pytest.mark.hostile_sql
def test_the_function_itself_refuses_what_is_unbalanced(in_acme: Tenant, legs: str) -> None:
    statement = f"SELECT ledger_post(NULL, '01890000-0000-7000-8000-00000000000a', 'x', 'x', '', '', {legs})"
    assert sqlstate_of(statement) == functions.UNBALANCED
    assert not Posting.objects.exists()


@pytest.mark.parametrize("legs", ["ARRAY['member:x', NULL], ARRAY['EUR', 'EUR'], ARRAY[1, -1]",
                                  "ARRAY['a', 'b'], ARRAY['EUR', 'EUR'], ARRAY[1, -1, NULL]"], ids=["code", "lengths"])  # fmt: skip
@pytest.mark.hostile_sql
def test_legs_without_an_account_or_amount_are_refused(in_acme: Tenant, legs: str) -> None:
    statement = f"SELECT ledger_post(NULL, '01890000-0000-7000-8000-00000000000a', 'x', 'x', '', '', {legs})"
    assert sqlstate_of(statement) in ("23502", functions.UNBALANCED)
    assert not LedgerAccount.objects.exists()


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_check_refuses_an_overdraft_whoever_writes_it(acme: Tenant) -> None:
    insert = (
        f'INSERT INTO "{acme.schema_name}".ledger_ledgeraccount (code, asset, balance, held, allow_negative, created_at) '
        "VALUES ('member:x', 'EUR', 5, 6, false, now())"
    )
    with pytest.raises(DatabaseError, match="ledger_account_covered"), transaction.atomic(using="owner"):
        connections["owner"].cursor().execute(insert)
