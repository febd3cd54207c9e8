"""SQL that runs on plain PostgreSQL and on an engine sharded by schema (tenancy.md, "Scale-out").

:func:`problems` judges one statement. The pytest plugin feeds it every statement that a test executes on the
runtime alias; ``test_statements.py`` feeds it the SQL of all migrations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_FLAGS = re.IGNORECASE | re.DOTALL
_VOLATILE = (
    r"\b(gen_random_uuid|uuid_generate_v\d\w*|random|clock_timestamp|timeofday|nextval|setval|currval)\s*\("
)
_ADD_COLUMN = r"\bADD\s+(?:COLUMN\s+)?(?!CONSTRAINT\b|PRIMARY\b|UNIQUE\b|CHECK\b|FOREIGN\b|EXCLUDE\b)"
_TRIGGER = r"CREATE\s+(OR\s+REPLACE\s+)?(CONSTRAINT\s+)?TRIGGER\b"
LONGEST_TABLE_NAME = 55

#: Functions of triggers that a sharded engine is told to allow: they touch their own tenant only.
ALLOWED_TRIGGERS = re.compile(r'EXECUTE FUNCTION (?:"?\w+"?\.)?"?audit_\w+"?\(\)\Z', _FLAGS)
#: Public tables that guardian's look-ups may be joined with in a tenant (tenancy.md, decision 5).
JOINABLE = frozenset(
    {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions",
     "users_user_groups", "users_user_user_permissions"}
)  # fmt: skip
#: (what the statement looks like, rule, why it may stand).
EXCEPTIONS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"\ASET CONSTRAINTS ALL (IMMEDIATE|DEFERRED)\Z"),
        "deferred",
        "Django's test case checks all constraints at the end of each test",
    ),
    (
        re.compile(r"SELECT set_config\('', current_setting\(''\), true\)\Z"),
        "session_setting",
        "the leak drill tries whether it is allowed",
    ),
    (
        re.compile(r'ALTER TABLE \S+ ENABLE ALWAYS TRIGGER "?audit_\w+"?\Z'),
        "switched_trigger",
        "the log's deny triggers fire under replication too; on shards the node's own command does it",
    ),
)


def statements_of(text: str) -> list[str]:
    """The statements of a text, split at semicolons outside quotes, dollar quotes and comments."""
    text = re.sub(r"^\s*--.*$", "", text, flags=re.MULTILINE)
    found, start, position, quote = [], 0, 0, ""
    while position < len(text):
        if quote:
            end = text.find(quote, position)
            position = len(text) if end < 0 else end + len(quote)
            quote = ""
            continue
        character = text[position]
        if character in "'\"":
            quote = character
        elif character == "$" and (match := re.match(r"\$\w*\$", text[position:])):
            quote = match[0]
            position += len(quote) - 1
        elif character == ";":
            found.append(text[start:position])
            start = position + 1
        position += 1
    return [each.strip() for each in (*found, text[start:]) if each.strip()]


def _bare(statement: str) -> str:
    """On one line, without the contents of strings."""
    statement = re.sub(r"\$(\w*)\$.*?\$\1\$", "''", statement, flags=re.DOTALL)
    return " ".join(re.sub(r"'(?:[^']|'')*'", "''", statement).split())


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: as written, without strings, and where it runs."""

    text: str
    bare: str
    in_tenant: bool
    public_tables: frozenset[str]
    tenant_tables: frozenset[str]

    def starts(self, pattern: str) -> bool:
        return re.match(pattern, self.bare, _FLAGS) is not None

    def has(self, pattern: str) -> bool:
        return re.search(pattern, self.bare, _FLAGS) is not None


Rule = Callable[[Statement], bool]


def unnamed_check(s: Statement) -> bool:
    """ADD COLUMN with an unnamed inline CHECK or UNIQUE: our schema editor names them in a second statement."""
    if not (s.starts(r"ALTER\s+TABLE") and s.has(_ADD_COLUMN)):
        return False
    for match in re.finditer(r"CHECK\s*\(|\bUNIQUE\b", s.bare, _FLAGS):
        if not re.search(r"CONSTRAINT\s+\S+\s+$", s.bare[: match.start()], _FLAGS):
            return True
    return False


def added_identity(s: Statement) -> bool:
    """ADD COLUMN with an identity or serial: a primary key is there from the start."""
    added = s.starts(r"ALTER\s+TABLE") and s.has(_ADD_COLUMN)
    return added and s.has(r"\bAS\s+IDENTITY\b|\b(big|small)?serial\b")


def constraint_with_more(s: Statement) -> bool:
    """A constraint together with another subcommand in one ALTER TABLE: one at a time."""
    several = s.starts(r"ALTER\s+TABLE") and s.has(r",\s*(ADD|DROP|ALTER|VALIDATE)\s")
    return several and s.has(r"\b(REFERENCES|CONSTRAINT|UNIQUE|CHECK)\b")


def altered_identity(s: Statement) -> bool:
    """ALTER COLUMN of an identity: primary keys are final for ever."""
    return s.has(r"ALTER\s+(COLUMN\s+)?\S+\s+(ADD\s+GENERATED|DROP\s+IDENTITY|SET\s+GENERATED|RESTART)")


def renamed_constraint(s: Statement) -> bool:
    """RENAME CONSTRAINT: drop it and add it under its new name."""
    return s.has(r"RENAME\s+CONSTRAINT")


def switched_trigger(s: Statement) -> bool:
    """ENABLE or DISABLE TRIGGER, INHERIT: not propagated."""
    return s.starts(r"ALTER\s+TABLE") and s.has(
        r"(ENABLE|DISABLE)\s+(REPLICA\s+|ALWAYS\s+)?TRIGGER|\bINHERIT\b"
    )


def altered_sequence(s: Statement) -> bool:
    """ALTER SEQUENCE: not propagated."""
    return s.starts(r"ALTER\s+SEQUENCE")


def unknown_trigger(s: Statement) -> bool:
    """A trigger that is not on the list of those that stay in their own tenant."""
    return s.starts(_TRIGGER) and not ALLOWED_TRIGGERS.search(s.bare)


def inherits(s: Statement) -> bool:
    """Table inheritance."""
    return s.starts(r"CREATE\s+TABLE.*\bINHERITS\s*\(")


def hidden_ddl(s: Statement) -> bool:
    """DDL inside PL/pgSQL: the table silently stays local."""
    function = s.starts(r"(DO\b|CREATE\s+(OR\s+REPLACE\s+)?(FUNCTION|PROCEDURE))")
    ddl = r"\b(CREATE|ALTER|DROP)\s+(TABLE|SCHEMA|INDEX|SEQUENCE|UNIQUE)"
    return function and re.search(ddl, s.text, _FLAGS) is not None


def extension(s: Statement) -> bool:
    """CREATE EXTENSION in a tenant's schema: in public, in shared migrations only."""
    return s.in_tenant and s.starts(r"CREATE\s+EXTENSION")


def public_reference(s: Statement) -> bool:
    """A foreign key from a tenant's table to a public one."""
    if not s.in_tenant:
        return False
    targets = re.findall(r"REFERENCES\s+(?:\"?(\w+)\"?\.)?\"?(\w+)\"?", s.bare, _FLAGS)
    return any(schema == "public" or table in s.public_tables for schema, table in targets)


def deferred(s: Statement) -> bool:
    """Deferred constraints: the violation surfaces at COMMIT as an internal error."""
    return s.has(r"INITIALLY\s+DEFERRED") or s.starts(r"SET\s+CONSTRAINTS\b")


def long_name(s: Statement) -> bool:
    """A table name over 55 characters: shards add a suffix."""
    match = re.match(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:\S+?\.)?\"?(\w+)", s.bare, _FLAGS)
    return match is not None and len(match[1]) > LONGEST_TABLE_NAME


def no_primary_key(s: Statement) -> bool:
    """A table without a primary key."""
    return s.starts(r"CREATE\s+TABLE\s") and not s.has(r"PRIMARY\s+KEY|\bAS\s+SELECT\b|PARTITION\s+OF")


def volatile_write(s: Statement) -> bool:
    """A volatile function in UPDATE or DELETE: its value differs between replicas."""
    return s.starts(r"(UPDATE|DELETE|MERGE)\b") and s.has(_VOLATILE)


def subquery_in_values(s: Statement) -> bool:
    """A subquery inside INSERT ... VALUES: INSERT ... SELECT."""
    return s.starts(r"INSERT\b") and s.has(r"\bVALUES\s*\(.*\(\s*SELECT\b")


def session_setting(s: Statement) -> bool:
    """set_config(), SET SESSION and SET ROLE outside the backend: SET LOCAL in a transaction."""
    return s.has(r"\bset_config\s*\(") or s.starts(r"SET\s+(SESSION\s+|LOCAL\s+)?(ROLE|search_path)\b")


def two_phase(s: Statement) -> bool:
    """PREPARE TRANSACTION."""
    return s.starts(r"PREPARE\s+TRANSACTION")


def advisory_lock(s: Statement) -> bool:
    """Advisory locks are local to a node: row locks."""
    return s.has(r"\bpg_(try_)?advisory_")


def notification(s: Statement) -> bool:
    """LISTEN and NOTIFY are local to a node: Valkey."""
    return s.starts(r"(LISTEN|NOTIFY)\b") or s.has(r"\bpg_notify\s*\(")


def join_with_public(s: Statement) -> bool:
    """A tenant's table and a public one in one statement."""
    if not s.in_tenant or not s.starts(r"(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\b"):
        return False
    named = set(re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:\"?\w+\"?\.)?\"?(\w+)\"?", s.bare, _FLAGS))
    return bool(named & s.tenant_tables) and bool(named & (s.public_tables - JOINABLE))


RULES: tuple[Rule, ...] = (
    unnamed_check, added_identity, constraint_with_more, altered_identity, renamed_constraint,
    switched_trigger, altered_sequence, unknown_trigger, inherits, hidden_ddl, extension, public_reference,
    deferred, long_name, no_primary_key, volatile_write, subquery_in_values, session_setting, two_phase,
    advisory_lock, notification, join_with_public,
)  # fmt: skip


@lru_cache(maxsize=20_000)
def problems(
    sql: str,
    in_tenant: bool = True,
    public_tables: frozenset[str] = frozenset(),
    tenant_tables: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Names and reasons of the rules that a text of SQL breaks; empty when it may run anywhere."""
    parts = statements_of(sql)
    found = ["several: One statement per execute."] if len(parts) > 1 else []
    for part in parts:
        statement = Statement(part, _bare(part), in_tenant, public_tables, tenant_tables)
        found += [
            f"{rule.__name__}: {rule.__doc__}"
            for rule in RULES
            if rule(statement) and not _excepted(statement, rule.__name__)
        ]
    return tuple(found)


def _excepted(statement: Statement, rule: str) -> bool:
    return any(name == rule and look.match(statement.bare) for look, name, _reason in EXCEPTIONS)


def each_problem(sql: str, **where: object) -> Iterator[str]:
    """Problems of each statement of a migration by itself: Django sends them one by one."""
    for part in statements_of(sql):
        yield from (f"{problem} [{part[:160]}]" for problem in problems(part, **where))  # type: ignore[arg-type]
