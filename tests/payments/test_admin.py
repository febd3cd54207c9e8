"""The platform's admin: its own payments, the inbox with replay, totals of everybody (S2-30, F49)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from billing.payments import services
from billing.payments.models import WebhookDelivery
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.payments.conftest import account_of, eur
from tests.payments.lab import Laboratory
from tests.payments.remotes.lab import Remote
from tests.support.pages import visitor

pytestmark = pytest.mark.django_db


@pytest.mark.req("S2-29", "S2-30", "F49")
def test_monitoring(acme: Tenant, person: Callable[[str], User]) -> None:
    side = Remote(acme, person("trader@acme").pk)
    theirs = side.paid()
    with tenant_context(acme), transaction.atomic():
        billed = services.begin_payment(
            tenant=acme, configuration_id=account_of(None).pk, purpose="order", reference="plan",
            user_id=side.payer_id, money=eur("99.00"), description="Plan", return_url="/", key="plan:1",
        )  # fmt: skip
    side.deliver([Laboratory.signed("payment", "pay_unknown", "ev_x")])
    with platform_context():
        row = WebhookDelivery.objects.get(event_id="ev_x")
    boss, auditor = visitor(None, "superadmin"), visitor(None, "auditor")
    for who in (boss, auditor):
        page = who.get("/admin/payments/payment/").content.decode()
        assert billed.label in page and theirs.label not in page and "99" in page
        totals = who.get("/admin/payments/payment/totals/").content.decode()
        assert acme.name in totals and "25.00" in totals and "Platform" in totals
        assert who.get(f"/admin/payments/payment/{billed.pk}/change/").status_code == 200
        assert who.get(f"/admin/payments/payment/{theirs.pk}/change/").status_code == 302
        assert billed.label in who.get("/admin/payments/paymentlog/").content.decode()
        assert (
            "pay_unknown" in who.get("/admin/payments/webhookdelivery/?state__exact=waiting").content.decode()
        )
    path = f"/admin/payments/webhookdelivery/{row.pk}/replay/"
    assert auditor.post(path).status_code == 302
    with platform_context():
        row.refresh_from_db()
    assert row.replayed_at is None
    assert "pay_unknown" in boss.get(path).content.decode()
    assert boss.post(path).status_code == 302
    with platform_context():
        row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0) and row.replayed_at is not None
    assert visitor("acme", "owner").get("/admin/payments/payment/").status_code == 404
