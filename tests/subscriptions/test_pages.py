"""Plans and subscriptions on the pages."""

from __future__ import annotations

import pytest

from shared_apps.core.context import platform_context
from tests.payments.conftest import account_of
from tests.subscriptions.shop import Clock, Shop
from tests.support.pages import visitor

pytestmark = pytest.mark.django_db


@pytest.mark.req("F38", "F40", "S2-30")
def test_a_member_chooses_pays_and_cancels(shop: Shop, clock: Clock) -> None:
    account_of(shop.tenant)
    shop.connect()
    assert "Basic" in visitor("acme").get("/plans/").content.decode()
    trader = visitor("acme", "trader")
    assert "Choose a plan" in trader.get("/subscription/").content.decode()
    address = f"/plans/checkout/{shop.prices['Basic'].pk}/"
    assert trader.get(address).status_code == 200
    assert trader.post(address, {"seats": 1, "method": "barter"}).status_code == 400
    sent = trader.post(address, {"seats": 1, "method": "payment"})
    assert sent.status_code == 302 and sent["Location"].startswith("/pay/"), sent.content
    assert trader.get(sent["Location"]).status_code == 200
    assert "Pay 35.00 EUR" in trader.get("/subscription/").content.decode()
    shop.pay()
    assert "Paying" in trader.get("/subscription/").content.decode()
    pro = f"/plans/checkout/{shop.prices['Pro'].pk}/"
    assert "You pay 35.00 EUR now" in trader.get(pro).content.decode()
    assert trader.post("/subscription/cancel/").status_code == 302
    assert "Canceled" in trader.get("/subscription/").content.decode()
    assert trader.post("/subscription/resume/").status_code == 302
    assert trader.post("/subscription/pause/").status_code == 302
    assert "Paused" in trader.get("/subscription/").content.decode()


@pytest.mark.req("F38")
def test_an_owner_edits_plans(shop: Shop) -> None:
    owner = visitor("acme", "owner")
    made = owner.post("/plans/catalogue/", {"name": "Gold", "available": "on", "entitlements": ["trade"]})
    assert made.status_code == 302, made.content
    page = made["Location"]
    price = {
        "amount": "35.00",
        "currency": "EUR",
        "interval": "day",
        "interval_count": 35,
        "trial_period_days": 0,
    }
    assert owner.post(f"{page}prices/", price).status_code == 302
    assert owner.post(f"{page}prices/", {**price, "interval_count": 0}).status_code == 400
    shown = owner.get(page).content.decode()
    assert "35.00" in shown
    assert owner.post("/plans/catalogue/", {"name": "Gold"}).status_code == 409
    assert owner.post(page, {"name": "Gold <b>", "available": "on"}).status_code == 302
    assert "Gold &lt;b&gt;" in visitor("acme").get("/plans/").content.decode()
    assert visitor("acme", "staff").post(page, {"name": "Mine"}).status_code == 403
    assert owner.post(f"/plans/catalogue/prices/{shop.prices['Pro'].pk}/end/").status_code == 302
    with platform_context():
        shop.prices["Pro"].refresh_from_db()
        assert not shop.prices["Pro"].active


@pytest.mark.req("F42", "S4-17")
def test_an_owner_pays_for_the_organisation_on_the_platform(platform_shop: Shop, clock: Clock) -> None:
    account_of(None)
    owner = visitor(None)
    owner.post("/login/", {"login": "owner@acme.example.com", "password": "demo-Passw0rd!"})
    sent = owner.post(
        f"/plans/checkout/{platform_shop.prices['Starter'].pk}/", {"seats": 1, "method": "payment"}
    )
    assert sent.status_code == 302 and sent["Location"].startswith("/pay/"), sent.content
    assert owner.get(sent["Location"]).status_code == 200
    assert "Pay 49.00 EUR" in owner.get("/subscription/").content.decode()
    platform_shop.pay()
    own = visitor("acme", "owner").get("/settings/plan/").content.decode()
    assert "Starter" in own and f"organisation={platform_shop.tenant.uuid}" in own
    assert visitor("acme", "trader").get("/settings/plan/").status_code == 403
