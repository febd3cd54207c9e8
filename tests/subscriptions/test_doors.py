"""Plans and subscriptions over the API."""

from __future__ import annotations

from typing import Any

import pytest

from shared_apps.tenants.models import Tenant
from tests.payments.conftest import account_of
from tests.subscriptions.shop import DAY, Clock, Shop
from tests.support.api import Api, error_of

pytestmark = pytest.mark.django_db


@pytest.mark.req(
    "S4-14", "S4-15", "S4-43", "S4-44", "S4-45", "S4-49", "S4-50", "S4-51", "S4-54", "F38", "C38"
)
def test_an_owner_edits_her_catalogue_and_everybody_reads_it(in_acme: Tenant) -> None:
    owner, anybody = Api("acme", "owner@acme.example.com"), Api("acme")
    made = owner.post(
        "plans/", {"name": "Gold", "daily_time_minutes": 60, "limits": {"listings": {"hard": 5}}}
    )
    assert made.status_code == 201, made.content
    plan = made.json()
    assert (plan["audience"], plan["requires_payment"], plan["auto_renew"], plan["default"]) == (
        "subscriber", True, True, False,
    )  # fmt: skip
    priced = owner.post(
        f"plans/{plan['id']}/prices/",
        {"price": {"amount": "35.00", "currency": "EUR"}, "interval": "day", "interval_count": 35},
    )
    (price,) = priced.json()["pricing"]
    assert price["price"] == {"amount": "35.00", "currency": "EUR"} and price["trial_period_days"] == 0
    assert anybody.get("plans/").json()["results"][0]["name"] == "Gold"
    changed = owner.patch(f"plans/{plan['id']}/", {"description": "All of it", "available": False})
    assert (changed.json()["version"], changed.json()["available"]) == (2, False)
    assert anybody.get("plans/").json()["count"] == 0
    error_of(anybody.get(f"plans/{plan['id']}/"), 404)
    assert owner.get("plans/").json()["count"] == 1
    for body, field in (
        ({"name": "Gold"}, "name"),
        ({"name": " "}, "name"),
        ({"name": "X", "limits": {"moons": {}}}, "limits"),
        ({"name": "X", "entitlements": ["fly"]}, "entitlements"),
    ):
        answer = owner.post("plans/", body)
        assert answer.status_code in (400, 409) and field in answer.json()["details"], answer.content
    error_of(Api("acme", "staff@acme.example.com").post("plans/", {"name": "X"}), 403)
    error_of(Api("globex", "owner@globex.example.com").patch(f"plans/{plan['id']}/", {"name": "Mine"}), 404)


@pytest.mark.req("C38")
def test_the_same_name_is_everybody_s_own(acme: Tenant, globex: Tenant) -> None:
    for slug, email in (("acme", "owner@acme.example.com"), ("globex", "owner@globex.example.com"),
                        (None, "superadmin@example.com")):  # fmt: skip
        api = Api(slug, email)
        assert api.post("plans/", {"name": "Gold"}).status_code == 201
        error_of(api.post("plans/", {"name": "Gold"}), 409)
    error_of(Api(None, "admin@example.com").post("plans/", {"name": "X"}), 403)


@pytest.mark.req("S0-19", "S0-21", "S0-22", "F40")
def test_a_member_checks_out_and_cancels(shop: Shop, clock: Clock) -> None:
    account_of(shop.tenant)
    trader = Api("acme", "trader@acme.example.com")
    first = trader.get("subscription/").json()
    assert (first["access_state"], first["next_billing_time"], first["contract"]) == ("inactive", None, None)
    shop.connect()
    assert trader.get("subscription/").json()["access_state"] == "trial"
    made = trader.post("subscription/checkout/", {"price": str(shop.prices["Basic"].pk)})
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["pay_url"] == f"http://acme.localhost/pay/{body['payment_id']}/"
    assert body["subscription"]["charge"]["amount"] == {"amount": "35.00", "currency": "EUR"}
    assert trader.post("subscription/pay/", {}).json()["payment_id"] == body["payment_id"]
    shop.pay()
    paying = trader.get("subscription/").json()
    assert (paying["access_state"], paying["contract"]["plan_name"]) == ("paying", "Basic")
    preview = trader.post("subscription/preview/", {"price": str(shop.prices["Pro"].pk)}).json()
    assert preview["takes_effect"] == "after_payment"
    changed = trader.post("subscription/change/", {"price": str(shop.prices["Pro"].pk), "at": preview["at"]})
    assert changed.json()["subscription"]["charge"]["amount"] == preview["total"]
    assert trader.post("subscription/cancel/", {"reason": "Enough"}).json()["contract"]["cancel_at"]
    assert trader.post("subscription/resume/").json()["contract"]["cancel_at"] is None
    assert trader.post("subscription/pause/", {"days": 3}).json()["access_state"] == "inactive"
    assert trader.post("subscription/portal/").json()["url"] == "http://acme.localhost/subscription/"
    error_of(trader.post("subscription/checkout/", {"price": str(shop.prices["Pro"].pk)}), 409)


def test_who_sells_sees_subscriptions_and_writes_payments_down(shop: Shop, clock: Clock) -> None:
    shop.connect()
    shop.choose("Basic")
    owner = Api("acme", "owner@acme.example.com")
    (row,) = owner.get("subscriptions/?status=trial").json()["results"]
    assert (row["user_name"], row["plan_name"], row["status"]) == ("Tariq Trader", "Basic", "trial")
    assert owner.get(f"subscriptions/{row['id']}/").json()["id"] == row["id"]
    error_of(owner.get("subscriptions/?status=rich"), 400)
    charge: Any = shop.open_charge()
    error_of(Api("acme", "staff@acme.example.com").post(f"subscriptions/charges/{charge.pk}/paid/"), 403)
    assert owner.post(f"subscriptions/charges/{charge.pk}/paid/").json()["state"] == "paid"
    assert shop.contract().status == "paying"
    assert Api(None, "superadmin@example.com").get("subscriptions/").json()["count"] == 0


@pytest.mark.req("F42", "S4-17")
def test_a_suspended_organisation_pays_on_the_platform(platform_shop: Shop, clock: Clock) -> None:
    from tests.subscriptions.test_renewing import work

    account_of(None)
    platform_shop.pay(platform_shop.choose("Starter"))
    due = platform_shop.due
    assert due is not None
    clock.set(due + 35 * DAY)
    platform_shop.look()
    work()
    assert Api("acme").get("plans/").status_code == 503
    owner = Api(None, "owner@acme.example.com")
    own = owner.get(f"subscription/?organisation={platform_shop.tenant.uuid}").json()
    assert (own["access_state"], own["state"]) == ("expired", "suspended")
    paying = owner.post("subscription/pay/", {}).json()
    assert paying["pay_url"].startswith("http://localhost/pay/")
    platform_shop.pay()
    work()
    assert Api("acme").get("plans/").status_code == 200
    error_of(owner.get("subscription/?organisation=nonsense"), 400)


def test_lists_ask_as_many_queries_for_three_rows_as_for_one(
    shop: Shop, django_assert_max_num_queries: Any
) -> None:
    anybody = Api("acme")
    anybody.get("plans/")
    with django_assert_max_num_queries(4):
        anybody.get("plans/")
    for name in ("A", "B"):
        shop.plan(name)
        shop.price(name, "1.00")
    with django_assert_max_num_queries(4):
        assert anybody.get("plans/").json()["count"] == 4


def test_promotion_codes(shop: Shop) -> None:
    owner = Api("acme", "owner@acme.example.com")
    made = owner.post("plans/codes/", {"code": "spring", "amount_off": {"amount": "5.00", "currency": "EUR"}})
    assert made.status_code == 201 and made.json()["code"] == "SPRING"
    error_of(owner.post("plans/codes/", {"code": "SPRING", "percent_off": "5"}), 409)
    error_of(owner.post("plans/codes/", {"code": "SUMMER"}), 400)
    assert owner.delete(f"plans/codes/{made.json()['id']}/").status_code == 204
    assert owner.get("plans/codes/").json()[0]["active"] is False
