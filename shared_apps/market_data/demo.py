"""The demo's simulated market (registered with tenants.demo)."""

from __future__ import annotations

from decimal import Decimal

from shared_apps.access.actors import Actor

from . import services
from .models import Feed, Instrument
from .rules import Interval

DEMO_SYMBOL = "DEMO-EUR"


def seed_market() -> None:
    """Create the simulated market with a few hours of history and let it play; one that exists stays."""
    actor = Actor.system("market_data.demo")
    instrument = Instrument.objects.filter(symbol=DEMO_SYMBOL).first()
    if instrument is None:
        instrument = services.create_instrument(
            actor=actor,
            symbol=DEMO_SYMBOL,
            name="Demo coin (simulated)",
            kind=Instrument.Kind.SIMULATED,
            price_tick=Decimal("0.01"),
            lot_step=Decimal("0.01"),
            is_simulated=True,
        )
    if not Feed.objects.filter(instrument=instrument).exists():
        services.start_feed(
            actor=actor,
            instrument_id=instrument.pk,
            interval=Interval.M1,
            kind=Feed.Kind.GENERATOR,
            seed="demo",
        )
