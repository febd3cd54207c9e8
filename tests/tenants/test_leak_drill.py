"""The leak drill is green on a sound database, and red as soon as one rule is missing."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connections, transaction

from shared_apps.access.actors import Actor
from shared_apps.core.context import platform_context
from shared_apps.tenants import leak_drill
from shared_apps.tenants.checks import tenant_models
from shared_apps.tenants.leak_probes import api_routes
from shared_apps.tenants.models import Tenant
from shared_apps.users import principals
from shared_apps.users.models import Session

pytestmark = pytest.mark.django_db(databases=["default", "owner"])


@pytest.mark.req("F6")
def test_no_foreign_row_over_all_models(acme: Tenant, globex: Tenant) -> None:
    result = leak_drill.run(file_result=False)
    assert result.leaks == []
    assert result.warnings == []
    assert result.tenants == 2
    assert result.attempts > 2 * (2 * len(tenant_models()) + len(api_routes()))
    assert not Session.objects.filter(user_agent="leak drill").exists()


@pytest.mark.req("F6", "F21")
def test_a_token_that_is_good_elsewhere_turns_it_red(
    acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if one key signed for everybody and nobody compared the tenant."""
    monkeypatch.setattr("shared_apps.users.tokens.tenant_claim", lambda _tenant: "same")
    monkeypatch.setattr("shared_apps.users.principals.tenant_claim", lambda _tenant: "same")
    monkeypatch.setattr("shared_apps.tenants.leak_probes.tenant_claim", lambda _tenant: "same")
    monkeypatch.setattr("shared_apps.users.principals._live_session", _any_session)
    monkeypatch.setattr("shared_apps.users.principals.load_actor", _any_actor)
    result = leak_drill.run(file_result=False)
    assert any("answered 200" in leak and "/api/v1/auth/user/" in leak for leak in result.leaks)
    principals.forget_everybody()


def _any_session(session_id: Any, user_id: int, _tenant: Any) -> Session | None:
    with platform_context():
        return Session.objects.select_related("user").filter(pk=session_id, user_id=user_id).first()


def _any_actor(user: Any, tenant: Any, **_options: Any) -> Actor:
    return Actor(user_id=user.pk, email=user.email, tenant_schema=tenant.schema_name, member_id=uuid4())


@pytest.mark.req("F6")
@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(
    ("hole", "seen"),
    [
        ('GRANT USAGE ON SCHEMA "{b}" TO "tr_{a}"; GRANT SELECT ON "{b}".members_member TO "tr_{a}"',
         "members_member"),
        ("ALTER TABLE public.tenants_membership DISABLE ROW LEVEL SECURITY", "tenants_membership"),
        ('DROP POLICY own_tenant ON public.users_user; CREATE POLICY own_tenant ON public.users_user '
         'FOR SELECT TO "{base}" USING (true)', "users_user"),
        ('GRANT SELECT ON public.users_user TO "{base}"', "password"),
    ],
)  # fmt: skip
def test_a_missing_rule_turns_it_red(hole: str, seen: str) -> None:
    acme, globex = Tenant.objects.get(slug="acme"), Tenant.objects.get(slug="globex")
    base = f"{connections['default'].settings_dict['USER']}_tenant"
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(hole.format(a=acme.schema_name, b=globex.schema_name, base=base))
    result = leak_drill.run(file_result=False)
    assert not result.is_green
    assert any(seen in leak for leak in result.leaks)
