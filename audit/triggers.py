"""The SQL that captures every write: one trigger function a table, generated from the registry.

A generic function that walks ``to_jsonb(NEW)`` costs 40 µs a row on a table of twelve columns, a generated
one 20. Rows have the shape of django-auditlog's LogEntry; ``changes`` is ``{field: [old, new]}`` with values
as text, so that no number loses digits. The text names the schema only as a quoted identifier: provisioning
replays the template's and replaces the name.
"""

from __future__ import annotations

from psycopg import sql

from shared_apps.tenants.roles import Logins

from .registry import Capture, Column, Kind, captures

#: Runs after every other trigger of the table (they fire in order of their names).
TRIGGER = "zz_audit"
DENY_ROW, DENY_TRUNCATE, STAMP = "audit_deny_row", "audit_deny_truncate", "audit_stamp"
JOURNALS = ("audit_auditentry", "audit_auditlog")
#: Stands for the value of a masked field; its presence says that the value changed.
MASK = "***"

_CREATE, _UPDATE, _DELETE = 0, 1, 2
#: PostgreSQL cuts longer names, and two tables would share a function.
MAX_TABLE_NAME = 55

# Who acts. Refused is the runtime login alone: migrations and psql are named by their database role, which
# the statement cannot forge (SET LOCAL audit.ctx can be forged by raw SQL, current_setting('role') cannot).
_REFUSE = """\
  IF ctx->'actor' IS NULL AND ctx->'label' IS NULL AND session_user = {runtime} THEN
    RAISE EXCEPTION 'write to %.% without audit context', TG_TABLE_SCHEMA, TG_TABLE_NAME
      USING ERRCODE = '42501', HINT = 'Bind an actor (core.context) and open a transaction.';
  END IF;"""
_CONTEXT = "ctx jsonb := nullif(current_setting('audit.ctx', true), '')::jsonb;"
_ADDITIONAL = """\
coalesce(ctx - '{{actor,email,cid,ip}}'::text[], '{{}}')
      || jsonb_build_object('role', CASE current_setting('role') WHEN 'none' THEN session_user::text
                                    ELSE current_setting('role') END)"""

_CAPTURE = """\
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {schema}, pg_temp AS $audit$
DECLARE
  {context}
  op smallint; key text; d text := '';
BEGIN
{refuse}
  IF TG_OP = 'INSERT' THEN
    op := {create}; key := NEW.{pk}::text;
    d := {inserted};
  ELSIF TG_OP = 'UPDATE' THEN
    op := {update}; key := NEW.{pk}::text;
{updated}
    IF d = '' THEN RETURN NULL; END IF;
  ELSE
    op := {delete}; key := OLD.{pk}::text;
    d := {deleted};
  END IF;
  INSERT INTO {schema}.audit_auditentry (content_type_id, object_pk, object_id, object_repr, action,
    changes_text, changes, actor_id, actor_email, cid, remote_addr, "timestamp", additional_data)
  VALUES ({content_type}, key, {object_id}, {label} || key, op, '',
    ('{{' || substr(d, 2) || '}}')::jsonb, (ctx->>'actor')::bigint, ctx->>'email', ctx->>'cid',
    (ctx->>'ip')::inet, clock_timestamp(),
    {additional});
  RETURN NULL;
END $audit$"""

_STAMP = """\
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {schema}, pg_temp AS $audit$
DECLARE
  {context}
BEGIN
{refuse}
  NEW.actor_id := (ctx->>'actor')::bigint;
  NEW.actor_email := coalesce(ctx->>'email', '');
  NEW.request_id := coalesce(ctx->>'cid', '');
  NEW.remote_addr := (ctx->>'ip')::inet;
  NEW."timestamp" := clock_timestamp();
  NEW.additional_data := {additional};
  RETURN NEW;
END $audit$"""

_DENY = """\
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $audit$
BEGIN
  RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = '42501';
END $audit$"""


def _identifier(*names: str) -> str:
    return sql.Identifier(*names).as_string()


def _literal(value: str) -> str:
    return sql.Literal(value).as_string()


def _json(column: Column, row: str) -> str:
    """An SQL expression: the column's value as JSON text, NULL when it is NULL."""
    value = f"{row}.{_identifier(column.name)}"
    if column.masked:
        return f"CASE WHEN {value} IS NOT NULL THEN '\"{MASK}\"' END"
    return {
        Kind.PLAIN: f"'\"' || {value}::text || '\"'",
        Kind.TEXT: f"to_json({value}::text)::text",
        Kind.ISO: f"to_json({value})::text",
        Kind.JSON: f"to_json(to_json({value})::text)::text",
        Kind.ADDRESS: f"'\"' || host({value}) || '\"'",
        Kind.BYTES: f"'\"' || encode({value}, 'hex') || '\"'",
    }[column.kind]


def _opening(column: Column) -> str:
    return _literal(f',"{column.field}":[')


def _one_sided(columns: tuple[Column, ...], row: str) -> str:
    """All values that are not NULL, of a row that came or went."""
    before, after = ("null,", "]") if row == "NEW" else ("", ",null]")
    return "\n      || ".join(
        f"coalesce({_opening(column)} || '{before}' || {_json(column, row)} || '{after}', '')"
        for column in columns
        if not column.implied
    )


def _difference(column: Column) -> str:
    """A statement that appends old and new where they differ."""
    name = _identifier(column.name)
    old, new = (f"coalesce({_json(column, row)}, 'null')" for row in ("OLD", "NEW"))
    return (
        f"    IF NEW.{name} IS DISTINCT FROM OLD.{name} THEN\n"
        f"      d := d || {_opening(column)} || {old} || ',' || {new} || ']';\n"
        f"    END IF;"
    )


def function_name(table: str) -> str:
    """The trigger function of a table; tables have at most 55 characters, names 63."""
    return f"audit_{table}"


def _pieces() -> dict[str, str]:
    return {
        "context": _CONTEXT,
        "refuse": _REFUSE.format(runtime=_literal(Logins().runtime)),
        "additional": _ADDITIONAL.format(),
    }


def capture_function(schema: str, capture: Capture) -> str:
    """CREATE FUNCTION for one table of a schema."""
    key = _identifier(capture.pk_column)
    operations = (_UPDATE, _UPDATE, _UPDATE) if capture.collection else (_CREATE, _UPDATE, _DELETE)
    return _CAPTURE.format(
        **_pieces(),
        function=_identifier(schema, function_name(capture.table)),
        schema=_identifier(schema),
        pk=key,
        create=operations[0],
        update=operations[1],
        delete=operations[2],
        inserted=_one_sided(capture.columns, "NEW"),
        updated="\n".join(map(_difference, capture.columns)),
        deleted=_one_sided(capture.columns, "OLD"),
        content_type=capture.content_type_id,
        object_id="key::bigint" if capture.pk_is_integer else "NULL",
        label=_literal(f"{capture.label}:"),
    )


def _trigger(name: str, schema: str, table: str, function: str, when: str, level: str = "ROW") -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {name} {when} ON {_identifier(schema, table)} "
        f"FOR EACH {level} EXECUTE FUNCTION {_identifier(schema, function)}()"
    )


def stamp_function(schema: str) -> str:
    """CREATE FUNCTION that puts the transaction's actor into a semantic event."""
    return _STAMP.format(**_pieces(), schema=_identifier(schema), function=_identifier(schema, STAMP))


def _journal_statements(schema: str) -> list[str]:
    """Nobody changes the journals, and an event's actor is the context's, whatever the INSERT says."""
    statements = [
        stamp_function(schema),
        _trigger(STAMP, schema, "audit_auditlog", STAMP, "BEFORE INSERT"),
        _DENY.format(function=_identifier(schema, DENY_ROW)),
    ]
    for table in JOURNALS:
        statements += [
            _trigger(DENY_ROW, schema, table, DENY_ROW, "BEFORE UPDATE OR DELETE"),
            _trigger(DENY_TRUNCATE, schema, table, DENY_ROW, "BEFORE TRUNCATE", "STATEMENT"),
            *(
                f"ALTER TABLE {_identifier(schema, table)} ENABLE ALWAYS TRIGGER {name}"
                for name in (DENY_ROW, DENY_TRUNCATE)
            ),
        ]
    return statements


def trigger_statements(schema: str) -> list[str]:
    """Everything that captures the writes of a schema; idempotent (tenants.steps runs it)."""
    statements = _journal_statements(schema)
    for capture in captures(schema):
        function = function_name(capture.table)
        statements += [
            capture_function(schema, capture),
            _trigger(TRIGGER, schema, capture.table, function, "AFTER INSERT OR UPDATE OR DELETE"),
        ]
    return statements
