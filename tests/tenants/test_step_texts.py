"""A new version sends a schema only the grants and triggers that differ, and all that hang on a new table."""

import pytest

from shared_apps.tenants.step_texts import lacking, tables_made

FUNCTION = 'CREATE OR REPLACE FUNCTION "s"."audit_a"() RETURNS trigger ...'
TRIGGER_A = (
    'CREATE OR REPLACE TRIGGER zz_audit AFTER INSERT ON "s"."a" FOR EACH ROW EXECUTE FUNCTION "s"."f"()'
)
DENY_A = 'CREATE OR REPLACE TRIGGER deny BEFORE UPDATE ON "s"."a" FOR EACH ROW EXECUTE FUNCTION "s"."f"()'
ALWAYS_A = 'ALTER TABLE "s"."a" ENABLE ALWAYS TRIGGER deny'
TRIGGER_B = TRIGGER_A.replace('"a"', '"b"')
STEPS = [FUNCTION, TRIGGER_A, DENY_A, ALWAYS_A, TRIGGER_B]
ROLES = ["GRANT ALL", "REVOKE x", "REVOKE y"]
KNOWN = {"roles": ROLES, "steps": STEPS}

pytestmark = pytest.mark.req("F8")


def test_nothing_changed_nothing_sent() -> None:
    assert lacking(KNOWN, KNOWN, set()) == {"roles": [], "steps": []}


def test_of_an_unknown_version_all_is_sent() -> None:
    assert lacking({}, KNOWN, set()) == KNOWN


def test_a_changed_function_is_sent_alone() -> None:
    wanted = {"roles": ROLES, "steps": [FUNCTION + " -- new", *STEPS[1:]]}
    assert lacking(KNOWN, wanted, set())["steps"] == [FUNCTION + " -- new"]


def test_one_changed_trigger_brings_all_of_its_table_in_order() -> None:
    known = {"roles": ROLES, "steps": [step for step in STEPS if step != DENY_A]}
    assert lacking(known, KNOWN, set())["steps"] == [TRIGGER_A, DENY_A, ALWAYS_A]


def test_a_table_made_anew_gets_its_triggers_again() -> None:
    made = tables_made(
        ['DROP TABLE "b" CASCADE', 'CREATE TABLE "b" ("id" uuid)', 'CREATE INDEX "i" ON "a" ("x")']
    )
    assert made == {"b"}
    assert lacking(KNOWN, KNOWN, made)["steps"] == [TRIGGER_B]
    assert tables_made(['ALTER TABLE "c" RENAME TO "a"']) == {"a", "c"}


def test_a_new_revoke_is_sent_alone_and_a_withdrawn_one_sends_all_grants() -> None:
    more = {"roles": [*ROLES, "REVOKE z"], "steps": STEPS}
    assert lacking(KNOWN, more, set())["roles"] == ["REVOKE z"]
    fewer = {"roles": ROLES[:2], "steps": STEPS}
    assert lacking(KNOWN, fewer, set())["roles"] == ROLES[:2]
