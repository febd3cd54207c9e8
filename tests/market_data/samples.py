"""Requests of the market data's API for the test of the matrix."""

from __future__ import annotations

from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from shared_apps.core.context import platform_context
from shared_apps.market_data.models import Instrument
from tests.access.samples import example, prepare, sample
from tests.access.world import Persona, World

SYMBOL = "MATRIX-EUR"


@prepare
def _instrument(world: World) -> None:
    with platform_context():
        Instrument.objects.create(
            symbol=SYMBOL,
            kind="simulated",
            price_tick=Decimal("0.01"),
            lot_step=Decimal("0.1"),
            is_simulated=True,
        )


_CSV = b"time,open,high,low,close,volume\n2026-01-05T00:00:00Z,100.01,100.03,100.00,100.02,12.5\n"


def _candles(world: World, persona: Persona, value: object = None) -> dict[str, object]:
    return {
        "instrument": SYMBOL,
        "interval": "1m",
        "file": SimpleUploadedFile("candles.csv", _CSV, "text/csv"),
    }


_ONE = {"params": {"symbol": SYMBOL}}
_CANDLES = {"query": {"instrument": SYMBOL, "interval": "1m"}}
_FEED = "/api/v1/market-data/instruments/{symbol}/feed/"

sample("tenant GET /api/v1/trading/instruments/", "platform GET /api/v1/market-data/instruments/")
sample(
    "tenant GET /api/v1/trading/instruments/{symbol}/", "platform GET /api/v1/market-data/instruments/{symbol}/",
    **_ONE,
)  # fmt: skip
sample("tenant GET /api/v1/trading/candles/", "platform GET /api/v1/market-data/candles/", **_CANDLES)
sample(
    "platform POST /api/v1/market-data/instruments/",
    body={"symbol": "MADE-EUR", "kind": "simulated", "price_tick": "0.01", "lot_step": "0.1"},
)
sample("platform POST /api/v1/market-data/imports/", body={}, may=frozenset({415}))  # it takes files
sample(f"platform PUT {_FEED}", body={"interval": "1m", "kind": "replay"},
       needs="market_data.view_instrument", **_ONE)  # fmt: skip
sample(f"platform DELETE {_FEED}", may=frozenset({404}), needs="market_data.view_instrument", **_ONE)
example("platform POST /api/v1/market-data/imports/", body=_candles)
example(f"platform PUT {_FEED}", body={"interval": "1m", "kind": "generator", "seed": "of one's choice"})
