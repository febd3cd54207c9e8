from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import transaction
from django.utils import timezone

from shared_apps.access.actors import Actor
from shared_apps.core.context import platform_context
from shared_apps.core.models import OutboxMessage
from shared_apps.market_data import demo, queries, services, simulation, tasks
from shared_apps.market_data.models import Candle, Feed, Instrument
from shared_apps.market_data.rules import Interval

ACTOR = Actor.system("test.market")


@pytest.fixture
def feed(db: None) -> Feed:
    with platform_context():
        demo.seed_market()
        return Feed.objects.select_related("instrument").get()


def test_the_demo_market_is_labelled_simulated_and_seeded_once(feed: Feed) -> None:
    with platform_context():
        demo.seed_market()
        assert feed.instrument.is_simulated
        assert Candle.objects.count() == 300
        assert Instrument.objects.count() == 1


def test_the_same_seed_gives_the_same_market(feed: Feed) -> None:
    with platform_context():
        candles = queries.closed_candles(feed.instrument, Interval.M1, limit=300)
    previous = None
    for candle in candles:
        bar = simulation.next_bar("demo", candle.opened_at, Interval.M1, previous)
        assert bar == candle.to_bar(feed.instrument.spec, Interval.M1)
        assert not list(candle.problems())
        previous = bar.close


def test_the_simulated_market_crosses_its_averages_often_enough_to_show_something(feed: Feed) -> None:
    with platform_context():
        closes = [
            float(candle.close) for candle in queries.closed_candles(feed.instrument, Interval.M1, limit=300)
        ]
    above = [sum(closes[i - 5 : i]) / 5 > sum(closes[i - 20 : i]) / 20 for i in range(20, 300)]
    crosses = sum(first != second for first, second in pairwise(above))
    assert 8 <= crosses <= 60


def test_a_tick_closes_one_bar_and_a_late_scheduler_does_not_close_a_bunch(feed: Feed) -> None:
    with platform_context():
        Feed.objects.update(advanced_at=timezone.now() - timedelta(seconds=2))
        for _ in range(3):
            tasks.replay_bar.run()
        assert Candle.objects.count() == 301
        feed.refresh_from_db()
        assert feed.clock == Candle.objects.latest("opened_at").opened_at + timedelta(minutes=1)
        told = OutboxMessage.objects.filter(task="trading.tell_tenants")
        assert [row.kwargs for row in told] == [{"symbol": "DEMO-EUR", "interval": "1m"}]


def test_a_feed_that_is_stopped_stands_still_and_goes_on_where_it_stood(feed: Feed) -> None:
    with platform_context():
        services.stop_feed(actor=ACTOR, instrument_id=feed.instrument_id)
        assert not services.advance_feed(actor=ACTOR, feed_id=feed.pk)
        services.start_feed(
            actor=ACTOR, instrument_id=feed.instrument_id, interval=Interval.M1, kind=Feed.Kind.GENERATOR
        )
        assert services.advance_feed(actor=ACTOR, feed_id=feed.pk)
        assert Candle.objects.count() == 301


def test_when_the_transaction_fails_the_bar_never_happened(feed: Feed) -> None:
    with platform_context():
        try:
            with transaction.atomic():
                services.advance_feed(actor=ACTOR, feed_id=feed.pk)
                raise InterruptedError
        except (InterruptedError, RuntimeError):
            pass
        assert Candle.objects.count() == 300
        feed.refresh_from_db()
        assert feed.last_close == Candle.objects.latest("opened_at").close
        assert feed.last_close > Decimal(0)
