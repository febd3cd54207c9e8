"""Semantic events: S4's words, target, object and details, in the transaction of the change."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction

from audit.events import action_of
from audit.models import AuditLog
from shared_apps.core.context import audit_context
from shared_apps.core.events import Event, emit
from shared_apps.core.ids import uuid7
from shared_apps.tenants.models import Tenant
from tenant_apps.members.events import RoleChanged
from tenant_apps.members.models import Member


@dataclass(frozen=True, kw_only=True)
class ProbeSent(Event):
    name = "audit.probe_sent"

    audit_log_id: UUID | None = None
    amount: Decimal = Decimal("0E-10")
    at: datetime.datetime = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    tags: frozenset[str] = frozenset({"b", "a"})
    user_id: int | None = None


@pytest.mark.req("S4-55", "S4-56", "S4-57", "S4-58", "F97")
def test_a_role_change_is_s4s_word_with_actor_and_target(in_acme: Tenant, person: Any) -> None:
    owner, trader = person("owner@acme"), person("trader@acme")
    member = Member.objects.get(user_id=trader.pk)
    with audit_context(actor_id=owner.pk, actor_email=owner.email, actor_label=""), transaction.atomic():
        emit(RoleChanged(member_id=member.pk, user_id=trader.pk, before=["trader"], after=["buyer"]))
    row = AuditLog.objects.get(action="role_changed")
    assert (row.actor_id, row.actor_email, row.target_id) == (owner.pk, owner.email, trader.pk)
    assert (row.object_type, row.object_pk) == ("members.member", str(member.pk))
    assert row.details == {
        "member_id": str(member.pk), "user_id": trader.pk, "before": ["trader"], "after": ["buyer"],
    }  # fmt: skip
    assert list(owner.actions_performed.filter(action="role_changed")) == [row]
    assert trader.actions_received.first() == row
    assert AuditLog._meta.ordering == ("-timestamp",)


@pytest.mark.req("S4-55")
def test_s4s_three_words_and_every_other_event_by_its_name() -> None:
    assert AuditLog.Actions.values == ["role_changed", "password_reset", "activation_changed"]
    assert [label for _value, label in AuditLog.Actions.choices] == [
        "Role Changed", "Password Reset", "Activation Changed",
    ]  # fmt: skip
    assert action_of("users.password_reset") == "password_reset"
    assert action_of("members.activation_changed") == "activation_changed"
    assert action_of("tenants.tenant_created") == "tenants.tenant_created"


def test_details_keep_their_digits(in_acme: Tenant) -> None:
    key = uuid7()
    with transaction.atomic():
        emit(ProbeSent(audit_log_id=key, amount=Decimal("12.340"), user_id=3))
    row = AuditLog.objects.get(action="audit.probe_sent")
    assert row.details == {
        "audit_log_id": str(key), "amount": "12.340", "at": "2026-01-01T00:00:00Z", "tags": ["a", "b"],
        "user_id": 3,
    }  # fmt: skip
    assert (row.object_type, row.object_pk, row.target_id) == ("audit.auditlog", str(key), 3)


def test_an_event_about_nothing_in_particular(in_acme: Tenant) -> None:
    with transaction.atomic():
        emit(ProbeSent())
    row = AuditLog.objects.get(action="audit.probe_sent")
    assert (row.object_type, row.object_pk, row.target_id) == ("", "", None)


def test_a_rolled_back_event_is_not_recorded(in_acme: Tenant) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        emit(ProbeSent())
        raise ZeroDivisionError
    assert not AuditLog.objects.filter(action="audit.probe_sent").exists()


def test_without_an_actor_the_change_itself_fails(in_acme: Tenant) -> None:
    name = Member.objects.earliest("joined_at").name
    with (
        audit_context(actor_label=""),
        pytest.raises(DatabaseError, match="without audit context"),
        transaction.atomic(),
    ):
        Member.objects.update(is_active=True)
        emit(ProbeSent())
    assert Member.objects.earliest("joined_at").name == name
