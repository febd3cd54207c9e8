"""``audit.ctx``: whatever stands in the context, the database reads back the same values and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEntry
from shared_apps.core.context import AUDIT, AuditContext
from shared_apps.tenants.backend.base import audit_setting
from shared_apps.tenants.models import Tenant
from tenant_apps.members.models import Member

NASTY = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=400),  # lone surrogates and NUL included
    st.sampled_from(
        ["\x00", "'", "''; RESET ROLE; --", '"', '\\', "\\'", "\\u0000", "\ud800", "$audit$", "%s", "{}",
         "'; SET ROLE tradehall_app_public; --", "\n", "é" * 300, "x" * 1000]
    ),
)  # fmt: skip
CONTEXTS = st.builds(
    AuditContext,
    actor_id=st.one_of(st.none(), st.integers(1, 2**63 - 1)),
    actor_email=NASTY,
    actor_label=NASTY.filter(lambda text: text.strip("\x00")),
    request_id=NASTY,
    remote_addr=st.one_of(st.none(), NASTY, st.ip_addresses().map(str), st.just("fe80::1%eth0")),
    reason=NASTY,
    impersonator_id=st.one_of(st.none(), st.integers(1, 2**63 - 1)),
)


@given(CONTEXTS)
def test_the_setting_is_ascii_json_without_nul(context: AuditContext) -> None:
    text = audit_setting(context)
    assert text.isascii()
    values = json.loads(text)
    assert "\x00" not in json.dumps(values, ensure_ascii=False)
    assert set(values) <= {"actor", "email", "label", "cid", "ip", "reason", "impersonator"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(context=CONTEXTS)
def test_nothing_breaks_out_of_the_statement(in_acme: Tenant, context: AuditContext) -> None:
    def where() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, session_user, current_setting('search_path')")
            return cursor.fetchone()

    before = where()
    key = Member.objects.values_list("pk", flat=True).first()
    token = AUDIT.set(context)
    try:
        with transaction.atomic():
            Member.objects.filter(pk=key).update(name=f"n{AuditEntry.objects.count()}")
            row = AuditEntry.objects.order_by("-id")[0]
            assert where() == before
    finally:
        AUDIT.reset(token)
    assert row.object_pk == str(key)
    assert row.actor_id == context.actor_id
    said = {k: v for k, v in row.additional_data.items() if k != "role"}
    assert row.additional_data["role"] == in_acme.db_role
    assert said.get("impersonator") == context.impersonator_id
    assert said.get("label", "") == readable(context.actor_label)[:200]
    assert said.get("reason", "") == readable(context.reason)[:1000]
    assert (row.actor_email or "") == readable(context.actor_email)[:254]
    assert (row.cid or "") == readable(context.request_id)[:64]


def readable(text: str) -> str:
    """What of a text PostgreSQL can store."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


@pytest.mark.req("F98")
def test_a_context_without_a_nameable_actor_is_no_context() -> None:
    assert audit_setting(AuditContext(actor_label="\x00")) == ""
    assert audit_setting(AuditContext(actor_email="ann@example.com", reason="r")) == ""
