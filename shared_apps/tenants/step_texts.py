"""What a schema gets after its migrations, and which part of it a schema of an older version lacks.

Grants, trigger functions and triggers are idempotent text; sending all of it took 24 ms a tenant, and most
new versions change one table's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from . import roles, rules, steps

Texts = dict[str, list[str]]

_TABLE = re.compile(r'\A(?:CREATE OR REPLACE TRIGGER .*? ON|ALTER TABLE) (?:"\w+"\.)?"(\w+)"', re.DOTALL)
_MADE_ANEW = re.compile(
    r'\A(?:CREATE TABLE|DROP TABLE)(?: IF (?:NOT )?EXISTS)? (?:"\w+"\.)?"(\w+)"'
    r'|\AALTER TABLE (?:"\w+"\.)?"(\w+)" RENAME TO "(\w+)"'
)


def now() -> Texts:
    """The texts of the code that runs, for the template: ``roles`` and ``steps``."""
    return {
        "roles": roles.tenant_statements(rules.TEMPLATE_SCHEMA),
        "steps": steps.schema_statements(rules.TEMPLATE_SCHEMA),
    }


def tables_made(statements: Iterable[str]) -> set[str]:
    """Names of the tables that DDL makes, drops or renames: whatever hung on them is gone."""
    found = filter(None, (_MADE_ANEW.match(statement.lstrip()) for statement in statements))
    return {name for match in found for name in match.groups() if name}


def _table(statement: str) -> str:
    match = _TABLE.match(statement)
    return match[1] if match else ""


def lacking(known: Texts, wanted: Texts, made: set[str]) -> Texts:
    """What to send to a schema that has ``known`` and whose tables ``made`` were made by this version.

    Without ``known`` that is everything. A grant that was taken back needs all grants in their order; of a
    table's triggers all are sent when one of them changed.
    """
    old_roles, old_steps = set(known.get("roles", ())), set(known.get("steps", ()))
    new_roles = wanted["roles"]
    if old_roles <= set(new_roles):
        new_roles = [text for text in new_roles if text not in old_roles]
    changed = made | {_table(text) for text in wanted["steps"] if text not in old_steps}
    changed.discard("")
    new_steps = [text for text in wanted["steps"] if text not in old_steps or _table(text) in changed]
    return {"roles": new_roles, "steps": new_steps}
