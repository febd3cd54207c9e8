"""Market data over the platform's REST API."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from shared_apps.core.context import platform_context
from shared_apps.market_data.models import Candle, Instrument
from shared_apps.tenants.models import Tenant
from tests.support.api import Api, error_of

HEADER = "time,open,high,low,close,volume"
GOOD = "2018-01-10T04:55:00Z,0.0984,0.0994766,0.09828605,0.0994766,1820.54447418"
ETH = {"symbol": "ETH-BTC", "kind": "crypto", "price_tick": "0.00000001", "lot_step": "0.001"}


@pytest.fixture
def staff(acme: Tenant) -> Api:
    return Api(None, "superadmin@example.com")


def upload(api: Api, text: str | bytes, **fields: str) -> HttpResponse:
    """Send a file as a browser does."""
    data: dict[str, Any] = {"instrument": "ETH-BTC", "interval": "5m"} | fields
    content = text if isinstance(text, bytes) else text.encode()
    data["file"] = SimpleUploadedFile("candles.csv", content, content_type="text/csv")
    response: HttpResponse = api.client.post(
        "/api/v1/market-data/imports/", data, headers={"accept": "application/json", **api.headers}
    )
    return response


def candles() -> int:
    with platform_context():
        return Candle.objects.count()


def test_staff_add_an_instrument_import_candles_and_let_them_play(staff: Api) -> None:
    made = staff.post("market-data/instruments/", ETH)
    assert made.status_code == 201, made.content
    assert (made.json()["base"], made.json()["quote"], made.json()["price_tick"]) == (
        "ETH",
        "BTC",
        "0.00000001",
    )
    error_of(staff.post("market-data/instruments/", ETH), 409)
    second = GOOD.replace("04:55", "05:00")
    report = upload(staff, f"{HEADER}\n{GOOD}\n{second}\n")
    assert report.status_code == 200, report.content
    assert report.json() == {
        "read": 2, "inserted": 2, "changed": 0, "unchanged": 0, "refused": 0, "bad": []
    }  # fmt: skip
    assert upload(staff, f"{HEADER}\n{GOOD}\n").json()["unchanged"] == 1
    feed = staff.request(
        "PUT", "market-data/instruments/ETH-BTC/feed/", {"interval": "5m", "kind": "replay", "history": 1}
    )
    assert feed.status_code == 200, feed.content
    assert feed.json()["clock"] == "2018-01-10T05:00:00.000000Z"
    trader = Api("acme", "trader@acme.example.com")
    page = trader.get("trading/candles/?instrument=ETH-BTC&interval=5m").json()
    assert page["count"] == 1, "what the replay has not shown does not exist yet"
    assert staff.delete("market-data/instruments/ETH-BTC/feed/").status_code == 204


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (f"{HEADER}\n{GOOD}\nrubbish\n", "Line 3: 1 columns instead of 6"),
        ("a,b\n", "the first line must be"),
        ("", "empty"),
        (b"\xff\xfe\x00", "not a CSV file"),
        (f"{HEADER}\n{GOOD.replace('0.0984', 'NaN')}\n", "Line 2: open 'NaN' is not a number"),
    ],
)
def test_a_broken_csv_is_a_400_that_says_where_and_nothing_is_written(
    staff: Api, text: str | bytes, detail: str
) -> None:
    staff.post("market-data/instruments/", ETH)
    body = error_of(upload(staff, text), 400)
    assert any(detail in line for line in body["details"]["file"]), body
    assert candles() == 0


def test_a_broken_question_names_its_field(staff: Api) -> None:
    assert "instrument" in error_of(upload(staff, f"{HEADER}\n{GOOD}\n"), 400)["details"]
    for change, field in (
        ({"symbol": "eth/btc"}, "symbol"),
        ({"symbol": "ETH-XXX"}, "symbol"),
        ({"kind": "card"}, "kind"),
        ({"price_tick": "0"}, "price_tick"),
        ({"lot_step": "NaN"}, "lot_step"),
    ):
        assert field in error_of(staff.post("market-data/instruments/", ETH | change), 400)["details"]
    with platform_context():
        assert not Instrument.objects.exists()


def test_only_staff_writes_market_data(acme: Tenant) -> None:
    for email in ("auditor@example.com", "owner@acme.example.com"):
        api = Api(None, email)
        error_of(api.post("market-data/instruments/", ETH), 403)
        error_of(upload(api, HEADER), 403)
    error_of(Api(None).post("market-data/instruments/", ETH), 401)
    error_of(Api("acme", "owner@acme.example.com").post("market-data/instruments/", ETH), 404)
    with platform_context():
        assert not Instrument.objects.exists()
