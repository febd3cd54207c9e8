"""Trading over the REST API, as a client sees it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shared_apps.access.actors import Actor
from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Tenant
from tenant_apps.members.models import Member
from tenant_apps.trading import order_list, queries, services, shapes
from tenant_apps.trading.api.serializers import ExecutionSerializer, OrderSerializer, PositionSerializer
from tenant_apps.trading.models import Execution, Order, Position
from tenant_apps.trading_accounts.models import TradingAccount
from tests.support.api import Api, error_of
from tests.support.trading import SYMBOL, Market, run_outbox


@pytest.fixture
def api(acme: Tenant) -> Api:
    return Api("acme", "trader@acme.example.com")


@pytest.fixture
def paper(api: Api, market_of_coins: Market) -> str:
    """A connected paper account, made over the API."""
    body = {"venue": "paper", "name": "Practice", "currency": "EUR", "settings": {"paper": {"slippage": "0"}}}
    made = api.post("trading/accounts/", body)
    assert made.status_code == 201, made.content
    connected = api.post(f"trading/accounts/{made.json()['id']}/connect/").json()
    assert connected["status"] == "connected"
    return str(connected["id"])


def order_body(paper: str, **changes: Any) -> dict[str, Any]:
    return {"trading_account": paper, "symbol": SYMBOL, "side": "buy", "quantity": "1.5"} | changes


def orders_in(tenant: Tenant) -> int:
    with tenant_context(tenant):
        return Order.objects.count()


@pytest.mark.req("S1-21", "S1-25", "S1-26", "S1-27", "S1-30", "S1-34")
def test_the_first_trade(api: Api, acme: Tenant, paper: str) -> None:
    placed = api.post("trading/orders/", order_body(paper))
    assert placed.status_code == 201, placed.content
    assert placed.json()["status"] == "queued"
    run_outbox(acme.schema_name)
    order = api.get(f"trading/orders/{placed.json()['id']}/").json()
    assert (order["status"], order["filled_quantity"], order["average_price"]) == ("filled", "1.5", "100.01")
    assert [event["status"] for event in order["events"]] == ["queued", "submitted", "filled"]
    [execution] = api.get(f"trading/executions/?order={order['id']}").json()["results"]
    assert (execution["price"], execution["fee"]) == ("100.01", {"amount": "0.150015", "currency": "EUR"})
    [position] = api.get("trading/positions/?open=true").json()["results"]
    assert (position["quantity"], position["average_price"]) == ("1.5", "100.01")
    assert position["mark_price"] == "100"
    assert position["unrealised"] == {"amount": "-0.015", "currency": "EUR"}
    closed = api.post(f"trading/positions/{position['id']}/close/")
    assert closed.status_code == 201, closed.content
    run_outbox(acme.schema_name)
    assert api.get("trading/positions/?open=true").json()["count"] == 0
    [flat] = api.get("trading/positions/?open=false").json()["results"]
    assert flat["realised"] == {"amount": "-0.03", "currency": "EUR"}
    account = api.get(f"trading/accounts/{paper}/").json()
    assert account["balances"] == [{"currency": "EUR", "amount": {"amount": "9999.67", "currency": "EUR"}}], (
        "10,000 less 3 cents of spread and 30 cents of fees"
    )


@pytest.mark.req("S1-23", "S1-36")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": "0"}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"quantity": "Infinity"}, "quantity"),
        ({"quantity": "1e400"}, "quantity"),
        ({"quantity": "0.05"}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"quantity": [1]}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"symbol": "NO-SUCH"}, "symbol"),
        ({"symbol": "<script>"}, "symbol"),
        ({"side": "hold"}, "side"),
        ({"order_type": "trailing"}, "order_type"),
        ({"order_type": "iceberg"}, "order_type"),
        ({"client_order_id": "a b"}, "client_order_id"),
        ({"trading_account": "x"}, "trading_account"),
    ],
)
def test_a_bad_order_is_a_400_that_names_the_field_and_nothing_is_written(
    api: Api, acme: Tenant, paper: str, changes: dict[str, Any], field: str
) -> None:
    body = error_of(api.post("trading/orders/", order_body(paper, **changes)), 400)
    assert field in body["details"], body
    assert body["details"][field][0]
    assert orders_in(acme) == 0


@pytest.mark.parametrize("raw", ['{"quantity": NaN}', '{"quantity": 1e400}', '{"quantity": "1\\u0000"}'])
def test_numbers_that_are_none_are_refused_before_they_are_read(
    api: Api, acme: Tenant, paper: str, raw: str
) -> None:
    text = json.dumps(order_body(paper))[:-1] + "," + raw[1:]
    assert "quantity" in error_of(api.post("trading/orders/", text), 400)["details"]
    assert orders_in(acme) == 0


@pytest.mark.req("F50")
def test_the_same_idempotency_key_places_one_order(api: Api, acme: Tenant, paper: str) -> None:
    first = api.post("trading/orders/", order_body(paper), idempotency_key="K1")
    again = api.post("trading/orders/", order_body(paper), idempotency_key="K1")
    assert first.json() == again.json()
    error_of(api.post("trading/orders/", order_body(paper, quantity="2"), idempotency_key="K1"), 422)
    assert orders_in(acme) == 1


@pytest.mark.req("F54")
def test_the_same_client_order_id_places_one_order(api: Api, acme: Tenant, paper: str) -> None:
    first = api.post("trading/orders/", order_body(paper, client_order_id="MINE1")).json()
    assert api.post("trading/orders/", order_body(paper, client_order_id="MINE1")).json()["id"] == first["id"]
    error_of(api.post("trading/orders/", order_body(paper, client_order_id="MINE1", side="sell")), 409)
    assert orders_in(acme) == 1


@pytest.mark.req("S3-117", "C14")
def test_another_members_account_does_not_exist(api: Api, acme: Tenant, paper: str) -> None:
    order = api.post("trading/orders/", order_body(paper)).json()
    buyer, auditor = Api("acme", "buyer@acme.example.com"), Api("acme", "auditor@acme.example.com")
    for path in (f"trading/accounts/{paper}/", f"trading/orders/{order['id']}/"):
        error_of(buyer.get(path), 403)  # a buyer has no cell for trading at all
        assert auditor.get(path).status_code == 200
    error_of(auditor.post("trading/orders/", order_body(paper)), 403)
    error_of(auditor.post(f"trading/orders/{order['id']}/cancel/"), 403)
    second = make_second_trader(acme)
    for path in (f"trading/accounts/{paper}/", f"trading/orders/{order['id']}/"):
        error_of(second.get(path), 404)
    error_of(second.post("trading/orders/", order_body(paper)), 404)
    error_of(second.post(f"trading/orders/{order['id']}/cancel/"), 404)
    error_of(second.post(f"trading/accounts/{paper}/disconnect/"), 404)
    assert second.get("trading/orders/").json() == {"count": 0, "next": None, "previous": None, "results": []}
    assert second.get(f"trading/orders/?trading_account={paper}").json()["count"] == 0
    assert orders_in(acme) == 1
    assert api.get(f"trading/orders/{order['id']}/").json()["status"] == "queued"


def test_orders_of_an_account_that_was_shared_with_me_are_in_my_list(
    api: Api, acme: Tenant, paper: str
) -> None:
    """What the account's page shows, the list has too; the fast list and the object's address agree."""
    mine = api.post("trading/orders/", order_body(paper)).json()
    second = make_second_trader(acme)
    path = f"trading/orders/?trading_account={paper}"
    assert second.get(path).json()["count"] == 0
    shared = api.post(f"trading/accounts/{paper}/shares/", {"email": "seller@acme.example.com"})
    assert shared.status_code == 201, shared.content
    for address in (path, "trading/orders/"):
        listed = second.get(address).json()
        assert [row["id"] for row in listed["results"]] == [mine["id"]] and listed["count"] == 1
    assert second.get(f"trading/orders/{mine['id']}/").status_code == 200
    assert api.get("trading/orders/").json()["count"] == 1
    member = api.get(f"trading/accounts/{paper}/shares/").json()[0]["member"]
    assert api.delete(f"trading/accounts/{paper}/shares/{member}/").status_code == 204
    assert second.get("trading/orders/").json()["count"] == 0


def make_second_trader(tenant: Tenant) -> Api:
    """The tenant's seller, made a trader."""
    with tenant_context(tenant):
        Member.objects.filter(email=f"seller@{tenant.slug}.example.com").update(capabilities=["trader"])
    return Api(tenant.slug, f"seller@{tenant.slug}.example.com")


def test_another_tenant_finds_nothing(api: Api, acme: Tenant, globex: Tenant, paper: str) -> None:
    order = api.post("trading/orders/", order_body(paper)).json()
    stranger = Api("globex", "trader@globex.example.com")
    error_of(stranger.get(f"trading/orders/{order['id']}/"), 404)
    error_of(stranger.get(f"trading/accounts/{paper}/"), 404)
    error_of(stranger.post("trading/orders/", order_body(paper)), 404)
    assert stranger.get("trading/orders/").json()["count"] == 0
    stolen = Api("globex")
    stolen.headers = api.headers
    error_of(stolen.get("trading/orders/"), 401)
    error_of(stolen.post("trading/orders/", order_body(paper)), 401)
    error_of(Api("acme").get("trading/orders/"), 401)
    assert (orders_in(acme), orders_in(globex)) == (1, 0)


@pytest.fixture
def rows(in_acme: Tenant, trader: Actor, account: TradingAccount, market_of_coins: Market) -> list[Order]:
    """A filled, a partially filled, a canceled and a queued order."""
    market_of_coins.close(10_000, volume=200)

    def place(quantity: str, side: str = "buy") -> Order:
        return services.place_order(
            actor=trader, trading_account_id=account.pk, symbol=SYMBOL, side=side, quantity=quantity
        )

    place("1.5")
    place("25")
    run_outbox(in_acme.schema_name)
    services.cancel_order(actor=trader, order_id=place("1", "sell").pk)
    place("7", "sell")
    return list(Order.objects.order_by("-id"))


@pytest.mark.req("F54")
def test_the_fast_list_says_what_the_serializer_says(trader: Actor, rows: list[Order]) -> None:
    count, text = order_list.orders_json(
        trader, fields=tuple(order_list.COLUMNS), filters={}, ordering="-created_at", limit=100, offset=0
    )
    fast = json.loads(text)
    assert count == len(rows) == 4
    assert {row["status"] for row in fast} == {"filled", "partially_filled", "canceled", "queued"}
    assert fast == json.loads(json.dumps(OrderSerializer(rows, many=True).data, default=str))
    assert fast == [shapes.order_shape(row) for row in rows]
    assert list(order_list.COLUMNS) == list(OrderSerializer.Meta.fields)
    visible = queries.visible_orders(trader).order_by("-id").values_list("pk", flat=True)
    assert [row["id"] for row in fast] == [str(pk) for pk in visible]


def test_what_streams_say_is_what_the_api_says(trader: Actor, rows: list[Order]) -> None:
    execution, position = Execution.objects.latest("id"), Position.objects.get()
    assert shapes.execution_shape(execution) == json.loads(
        json.dumps(ExecutionSerializer(execution).data, default=str)
    )
    mark = {"prices": {SYMBOL: Decimal("101.5")}}
    assert shapes.position_shape(position, Decimal("101.5")) == json.loads(
        json.dumps(PositionSerializer(position, context=mark).data, default=str)
    )


def test_filters_order_fields_and_pages_of_the_fast_list(api: Api, rows: list[Order]) -> None:
    def found(query: str) -> list[str]:
        answer = api.get(f"trading/orders/?{query}")
        assert answer.status_code == 200, answer.content
        return [row["status"] for row in answer.json()["results"]]

    assert found("") == ["queued", "canceled", "partially_filled", "filled"]
    assert found("ordering=created_at") == ["filled", "partially_filled", "canceled", "queued"]
    assert found("status=filled") == ["filled"]
    assert found("side=sell") == ["queued", "canceled"]
    assert found(f"symbol={SYMBOL}&side=buy&ordering=created_at") == ["filled", "partially_filled"]
    assert found("symbol=OTHER-EUR") == []
    assert found(f"created_before={shapes.moment(rows[0].created_at)}") == [
        "canceled",
        "partially_filled",
        "filled",
    ]
    page = api.get("trading/orders/?page_size=3").json()
    assert (page["count"], len(page["results"]), page["previous"]) == (4, 3, None)
    assert page["next"] == "http://acme.localhost/api/v1/trading/orders/?page=2&page_size=3"
    rest = api.get("trading/orders/?page_size=3&page=2").json()
    assert (len(rest["results"]), rest["next"]) == (1, None)
    assert rest["previous"] == "http://acme.localhost/api/v1/trading/orders/?page_size=3"
    error_of(api.get("trading/orders/?page_size=3&page=3"), 404)
    assert api.get("trading/orders/?fields=id,status").json()["results"][0].keys() == {"id", "status"}
    assert len(api.get("trading/orders/?page_size=1000000").json()["results"]) == 4


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=sleeping", "status"),
        ("trading_account=x", "trading_account"),
        ("created_after=yesterday", "created_after"),
        ("ordering=price", "ordering"),
        ("fields=secret", "fields"),
        ("page=0", "page"),
        ("page_size=x", "page_size"),
        ("symbol=%00", "symbol"),
        ("statuss=filled", "statuss"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(api: Api, query: str, field: str) -> None:
    assert field in error_of(api.get(f"trading/orders/?{query}"), 400)["details"]


def test_the_lists_cost_the_same_with_one_row_and_with_more(
    api: Api, in_acme: Tenant, rows: list[Order]
) -> None:
    """One statement for the page and its count; the session and the member are known by then."""
    api.get("trading/orders/")
    with CaptureQueriesContext(connection) as captured:
        assert api.get("trading/orders/").json()["count"] == 4
    assert len([query for query in captured if "trading_order" in query["sql"]]) == 1
    assert len(captured) == 1, [query["sql"][:80] for query in captured]


@pytest.mark.req("S2-59", "S2-15")
def test_the_platforms_are_listed_with_what_they_can_do(api: Api) -> None:
    body = api.get("trading/platforms/").json()
    assert body["count"] == 1
    assert body["results"][0]["key"] == "paper"
    assert body["results"][0]["is_simulated"] is True
    assert body["results"][0]["order_types"] == ["market"]


def test_instruments_and_candles_are_read_on_a_tenants_host(api: Api, market_of_coins: Market) -> None:
    [instrument] = api.get("trading/instruments/").json()["results"]
    assert (instrument["symbol"], instrument["price_tick"], instrument["is_simulated"]) == (
        SYMBOL,
        "0.01",
        True,
    )
    assert api.get(f"trading/instruments/{SYMBOL}/").json() == instrument
    error_of(api.get("trading/instruments/NO-SUCH/"), 404)
    page = api.get(f"trading/candles/?instrument={SYMBOL}&interval=1m&limit=2").json()
    assert page["count"] == 2
    assert page["results"][0]["opened_at"] == "2026-01-05T00:01:00.000000Z"
    assert page["results"][1] == {
        "opened_at": "2026-01-05T00:02:00.000000Z",
        "open": "100",
        "high": "100",
        "low": "100",
        "close": "100",
        "volume": "1000",
    }
    older = api.get(page["next"].removeprefix("http://acme.localhost")).json()
    assert [row["opened_at"] for row in older["results"]] == ["2026-01-05T00:00:00.000000Z"]
    assert older["next"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("instrument=NO-SUCH&interval=1m", "instrument"),
        (f"instrument={SYMBOL}&interval=7m", "interval"),
        (f"instrument={SYMBOL}", "interval"),
        (f"instrument={SYMBOL}&interval=1m&limit=0", "limit"),
        (f"instrument={SYMBOL}&interval=1m&limit=100000", "limit"),
        (f"instrument={SYMBOL}&interval=1m&before=yesterday", "before"),
        (f"instrument={SYMBOL}&interval=1m&colour=red", "colour"),
    ],
)
def test_a_question_for_candles_that_is_not_understood_is_refused(
    api: Api, market_of_coins: Market, query: str, field: str
) -> None:
    assert field in error_of(api.get(f"trading/candles/?{query}"), 400)["details"]


def test_an_account_needs_values_that_hold(api: Api, acme: Tenant, market_of_coins: Market) -> None:
    good = {"venue": "paper", "name": "A", "currency": "EUR"}
    for change, field in (
        ({"venue": "casino"}, "venue"),
        ({"name": " "}, "name"),
        ({"currency": "euro"}, "currency"),
        ({"mode": "hedging"}, "mode"),
        ({"opening_balance": "0"}, "opening_balance"),
        ({"opening_balance": "NaN"}, "opening_balance"),
        ({"settings": {"paper": {"sprad": 1}}}, "settings"),
        ({"settings": {"faults": 1}}, "settings"),
        ({"settings": {"paper": {"fee_rate": "NaN"}}}, "settings"),
        ({"settings": {"paper": {"participation_percent": -5}}}, "settings"),
    ):
        body = error_of(api.post("trading/accounts/", good | change), 400)
        assert field in body["details"], (change, body)
    with tenant_context(acme):
        assert not TradingAccount.objects.exists()
    made = api.post("trading/accounts/", good | {"id": str(acme.uuid), "status": "connected", "balance": "9"})
    assert made.json()["status"] == "disconnected"
    error_of(api.post("trading/accounts/", good), 409)
