"""What an organisation's own plan asks of requests: read only when it is not paid; bytes over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from billing.subscriptions import api_meter, meters, standing
from billing.subscriptions.rules.limits import Meter
from shared_apps.core import valkey
from shared_apps.core.context import tenant_context
from shared_apps.market_data.models import Instrument
from tenant_apps.bots import services as bots
from tenant_apps.bots.models import Bot
from tenant_apps.todos.models import Todo
from tenant_apps.trading_accounts import services as accounts
from tests.subscriptions.shop import DAY, Clock, Shop
from tests.subscriptions.test_meters import on_plan
from tests.support.api import Api, error_of
from tests.support.pages import visitor
from tests.support.trading import SYMBOL

pytestmark = pytest.mark.django_db


@pytest.fixture
def unpaid(platform_shop: Shop, clock: Clock) -> Shop:
    """acme's plan fell due; the clock stands a second before it is read only."""
    platform_shop.pay(platform_shop.choose("Starter"))
    assert platform_shop.due is not None
    clock.set(platform_shop.due + 21 * DAY - timedelta(seconds=1))
    return platform_shop


@pytest.mark.req("F42")
def test_an_unpaid_organisation_is_read_only_at_the_second(unpaid: Shop, clock: Clock) -> None:
    owner, page = Api("acme", "owner@acme.example.com"), visitor("acme", "owner")
    assert owner.post("todos/", {"title": "before"}).status_code == 201
    clock.go(seconds=1)
    refused = owner.post("todos/", {"title": "after"})
    assert error_of(refused, 402)["code"] == "tenant.read_only"
    assert owner.get("todos/").json()["count"] == 1
    answer = page.post("/todos/", {"title": "x"})
    assert answer.status_code == 402 and "Only reading is possible now" in answer.content.decode()
    assert page.get("/todos/").status_code == 200
    assert Api("acme", "buyer@acme.example.com").headers, "one can log in"
    with tenant_context(unpaid.tenant):
        assert Todo.objects.count() == 1
    unpaid.look()
    unpaid.pay()
    assert owner.post("todos/", {"title": "after"}).status_code == 201


@pytest.mark.req("F42")
def test_what_ends_a_risk_is_not_refused(unpaid: Shop, shop: Shop, clock: Clock, coin: Instrument) -> None:
    trader = Api("acme", "trader@acme.example.com")
    made = trader.post("trading/accounts/", {"venue": "paper", "name": "A", "currency": "EUR"}).json()
    trader.post(f"trading/accounts/{made['id']}/connect/")
    clock.go(seconds=2)
    assert trader.post(f"trading/accounts/{made['id']}/disconnect/").status_code == 200
    error_of(trader.post(f"trading/accounts/{made['id']}/connect/"), 402)


def test_bots_pause_with_the_organisation(unpaid: Shop, shop: Shop, clock: Clock, coin: Instrument) -> None:
    with tenant_context(shop.tenant):
        desk = accounts.create_account(actor=shop.buyer, venue="paper", name="Desk", currency="EUR")
        accounts.connect_account(actor=shop.buyer, trading_account_id=desk.pk)
        bot = bots.create_bot(
            actor=shop.buyer, name="A", trading_account_id=desk.pk, symbol=SYMBOL, interval="1m",
            strategy="sma_cross", params={"quantity": "1"},
        )  # fmt: skip
        bots.start_bot(actor=shop.buyer, bot_id=bot.pk)
    clock.go(seconds=1)
    unpaid.look()
    with tenant_context(shop.tenant):
        bot = Bot.objects.get(pk=bot.pk)
        assert (bot.status, bot.status_reason) == ("paused", "subscription.required")


def test_who_has_no_plan_is_asked_for_nothing(acme: Any, globex: Any, unpaid: Shop, clock: Clock) -> None:
    clock.go(days=400)
    other = Api("globex", "owner@globex.example.com")
    assert other.post("todos/", {"title": "x"}).status_code == 201
    assert not standing.standing_of(globex.schema_name).is_read_only(clock.at)


def test_who_gave_up_the_plan_reads_on(unpaid: Shop, clock: Clock) -> None:
    from billing.subscriptions import services

    services.cancel_subscription(actor=unpaid.buyer, at_once=True)
    error_of(Api("acme", "owner@acme.example.com").post("todos/", {"title": "x"}), 402)


@pytest.fixture
def empty_meters() -> None:
    for key in valkey.client().scan_iter(match=valkey.platform_key("meter", "*")):
        valkey.client().delete(key)


@pytest.mark.req("F15", "S4-47", "C34")
@pytest.mark.usefixtures("empty_meters")
def test_bytes_over_the_api_run_out(platform_shop: Shop) -> None:
    on_plan(platform_shop, daily_data_mb=1)
    schema = platform_shop.tenant.schema_name
    owner = Api("acme", "owner@acme.example.com")
    first = owner.get("todos/")
    left = int(first["X-Quota-Remaining"])
    assert 990_000 < left < 1_000_000
    second = owner.get("todos/")
    assert left - int(second["X-Quota-Remaining"]) == len(second.content)
    api_meter.add(schema, int(second["X-Quota-Remaining"]))
    refused = owner.get("todos/")
    body = error_of(refused, 429)
    assert (body["code"], body["details"]) == ("quota.exceeded", {"meter": "api_bytes", "remaining": 0})
    assert refused["X-Quota-Remaining"] == "0" and 0 < int(refused["Retry-After"]) <= 86_400
    assert owner.post("auth/logout/").status_code < 300, "coming and going stay open"
    assert visitor("acme", "trader").get("/todos/").status_code == 200, "pages are no API"
    api_meter.keep(schema)
    assert meters.is_full(platform_shop.tenant, Meter.API_BYTES)


@pytest.mark.usefixtures("empty_meters")
def test_processes_add_up_and_valkey_may_forget(platform_shop: Shop) -> None:
    on_plan(platform_shop, daily_data_mb=1)
    schema = platform_shop.tenant.schema_name
    api_meter.add(schema, 300)
    api_meter.keep(schema)
    api_meter.forget()  # another process
    api_meter.add(schema, 50)
    api_meter.flush(schema)
    assert api_meter.used(schema) == 350
    for key in valkey.client().scan_iter(match=valkey.platform_key("meter", "*")):
        valkey.client().delete(key)
    api_meter.forget()
    api_meter.add(schema, 7)
    api_meter.flush(schema)
    assert api_meter.used(schema) == 307, "what the database kept is not lost"


@pytest.mark.usefixtures("empty_meters")
def test_without_a_limit_nothing_is_counted_or_said(acme: Any) -> None:
    answer = Api("acme", "owner@acme.example.com").get("todos/")
    assert "X-Quota-Remaining" not in answer and api_meter.used(acme.schema_name) == 0


def test_a_request_asks_no_more_queries(platform_shop: Shop, django_assert_max_num_queries: Any) -> None:
    on_plan(platform_shop, daily_data_mb=1)
    owner = Api("acme", "owner@acme.example.com")
    owner.get("todos/")
    with transaction.atomic(), django_assert_max_num_queries(5):
        owner.get("todos/")
