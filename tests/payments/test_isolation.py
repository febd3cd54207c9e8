"""What a tenant's database role can see and do of payments: its own rows, no sealed column, no write."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from billing.payments import models
from billing.payments.models import Payment, PaymentGatewayConfig, PaymentLog
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.payments.conftest import account_of
from tests.payments.remotes.lab import Remote

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(acme: Tenant, globex: Tenant, person: Callable[[str], User]) -> None:
    """A life of payments in each of two tenants, and an account of the platform's own."""
    for tenant, who in ((acme, "trader@acme"), (globex, "owner@globex")):
        side = Remote(tenant, person(who).pk)
        payment = side.paid(save_method=True)
        side.refund(payment, 100)
        side.begin_payout()
    account_of(None)


def rows(model: type[models.BillingRow]) -> set[int | None]:
    with transaction.atomic():
        return set(model._default_manager.values_list("tenant_id", flat=True))


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.req("C9", "C38", "S4-11")
@pytest.mark.parametrize("model", models.shown_to_tenants(), ids=lambda model: model.__name__)
def test_a_tenant_reads_its_own_rows_alone(
    both: None, acme: Tenant, globex: Tenant, model: type[models.BillingRow]
) -> None:
    with platform_context():
        everybody = rows(model)
    with tenant_context(acme):
        assert rows(model) == ({acme.pk} if acme.pk in everybody else set())
    with tenant_context(globex):
        assert rows(model) == ({globex.pk} if globex.pk in everybody else set())
    if model.__name__ not in ("Dispute", "StaffConfirmation"):
        assert {acme.pk, globex.pk} <= everybody


@pytest.mark.hostile_sql
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT secrets FROM public.payments_paymentgatewayconfig",
        "SELECT action_secret FROM public.payments_payment",
        "SELECT destination FROM public.payments_payout",
        "SELECT * FROM public.payments_webhookdelivery",
        "SELECT * FROM public.payments_externalobject",
        "UPDATE public.payments_payment SET state = 'succeeded'",
        "INSERT INTO public.payments_paymentlog (id) VALUES (gen_random_uuid())",
        "DELETE FROM public.payments_refund",
    ],
    ids=["secrets", "action", "destination", "inbox", "routes", "update", "insert", "delete"],
)
def test_and_nothing_else(both: None, acme: Tenant, statement: str) -> None:
    with tenant_context(acme), pytest.raises(DatabaseError) as refused:
        execute(statement)
    assert getattr(refused.value.__cause__, "sqlstate", "") == "42501"


@pytest.mark.hostile_sql
@pytest.mark.req("S4-13")
@pytest.mark.parametrize("table", ["payments_paymentlog", "payments_staffconfirmation"])
@pytest.mark.parametrize(
    "verb", ["UPDATE {} SET tenant_id = NULL", "DELETE FROM {}"], ids=["update", "delete"]
)
def test_journals_are_never_changed_by_the_platform_either(both: None, table: str, verb: str) -> None:
    with platform_context(), pytest.raises(DatabaseError) as refused:
        execute(verb.format(table))
    assert getattr(refused.value.__cause__, "sqlstate", "") == "42501"


def test_secrets_are_sealed_and_never_logged(both: None, acme: Tenant) -> None:
    from tests.payments.lab import SECRET

    with platform_context(), connection.cursor() as cursor:
        row = PaymentGatewayConfig.objects.filter(provider="lab", tenant=acme).get()
        assert row.secrets.startswith("v1.") and SECRET not in row.secrets
        payment = Payment.objects.filter(tenant=acme).get()
        assert (
            payment.action_secret.startswith("v1.")
            and payment.provider_reference not in payment.action_secret
        )
        assert PaymentLog.objects.filter(payment=payment).exists()
        cursor.execute("SELECT changes::text FROM audit_auditentry")
        logged = str(cursor.fetchall())
    assert row.secrets not in logged and payment.action_secret not in logged and SECRET not in logged
    assert "pay_0_secret" not in logged
