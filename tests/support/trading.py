"""Fixtures for everything that trades: a market moved by hand, a connected paper account, the outbox
worked off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from django.utils import timezone

from shared_apps.access.actors import Actor, load_actor
from shared_apps.core.context import Schema, platform_context, tenant_context
from shared_apps.core.envelope import Envelope
from shared_apps.core.models import OutboxMessage
from shared_apps.market_data import services as market
from shared_apps.market_data.models import Candle, Feed, Instrument
from shared_apps.market_data.rules import Interval
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.trading_accounts import services as accounts
from tenant_apps.trading_accounts.models import TradingAccount
from tests.trading.factories import START

SYMBOL = "COIN-EUR"
MARKET_ACTOR = Actor.system("test.market")


class Market:
    """An instrument whose bars the test writes one by one; prices in cents, volumes in lots of 0.1."""

    def __init__(self) -> None:
        with platform_context():
            self.instrument = market.create_instrument(
                actor=MARKET_ACTOR,
                symbol=SYMBOL,
                kind="simulated",
                price_tick=Decimal("0.01"),
                lot_step=Decimal("0.1"),
                is_simulated=True,
            )
            with transaction.atomic():
                self.feed = Feed.objects.create(
                    instrument=self.instrument, interval=Interval.M1, kind=Feed.Kind.REPLAY, clock=START
                )

    @classmethod
    def of(cls, feed: Feed) -> Market:
        """The market that an existing feed plays."""
        market_of_feed = cls.__new__(cls)
        market_of_feed.instrument, market_of_feed.feed = feed.instrument, feed
        return market_of_feed

    def close(self, *closes: int, volume: int = 10_000) -> datetime:
        """Close one bar for each price, each opening where the last one closed; return the last opening
        time."""
        opened_at = self.feed.clock
        with platform_context(), transaction.atomic():
            for close in closes:
                opened_at = self.feed.clock
                first = self.feed.last_close or Decimal(close) / 100
                last = Decimal(close) / 100
                Candle.objects.create(
                    instrument=self.instrument,
                    interval=Interval.M1,
                    opened_at=opened_at,
                    open=first,
                    high=max(first, last),
                    low=min(first, last),
                    close=last,
                    volume=Decimal(volume) / 10,
                )
                self.feed.clock = opened_at + Interval.M1.duration
                self.feed.last_close = last
            self.feed.save()
        return opened_at


def run_outbox(schema: str, *, also_later: bool = False, only: str = "") -> list[str]:
    """Do what the outbox of a schema holds, and what that leads to, in this process; return the task names.

    Messages planned for later stay, unless `also_later`.
    """
    done: list[str] = []
    while True:
        with tenant_context(Schema(schema)):
            rows = OutboxMessage.objects.filter(status="pending").exclude(task__startswith="core.deliver")
            if not also_later:
                rows = rows.filter(available_at__lte=timezone.now())
            if only:
                rows = rows.filter(task=only)
            message = rows.order_by("available_at").first()
        if message is None:
            return done
        deliver_message(schema, message)
        done.append(message.task)


def deliver_message(schema: str, message: OutboxMessage) -> None:
    """Run one message's task as a worker would, with its signed header."""
    current_app.loader.import_default_modules()
    headers = Envelope(schema, message.pk).seal(message.task, message.kwargs)
    current_app.tasks[message.task].apply(kwargs=message.kwargs, headers=headers, throw=True)


@pytest.fixture
def market_of_coins(db: None) -> Market:
    """A market with three bars at 100.00."""
    made = Market()
    made.close(10_000, 10_000, 10_000)
    return made


@pytest.fixture
def actor_in(acme: Tenant, person: Callable[[str], User]) -> Callable[..., Actor]:
    """`actor_in("trader")`: the actor that a demo person is inside acme."""

    def find(key: str, tenant: Tenant = acme, **changes: Any) -> Actor:
        return load_actor(person(f"{key}@{tenant.slug}"), tenant, fresh=True)

    return find


@pytest.fixture
def trader(actor_in: Callable[..., Actor]) -> Actor:
    """Acme's trader."""
    return actor_in("trader")


@pytest.fixture
def account(in_acme: Tenant, trader: Actor) -> TradingAccount:
    """The trader's connected paper account in euro, with round assumptions: no slippage, a fee of 0.1 %."""
    made = accounts.create_account(
        actor=trader,
        venue="paper",
        name="Paper",
        currency="EUR",
        settings={"paper": {"slippage": "0", "spread_ticks": 2}},
    )
    return accounts.connect_account(actor=trader, trading_account_id=made.pk)


@pytest.fixture
def coin(market_of_coins: Market) -> Instrument:
    """The instrument of the market."""
    return market_of_coins.instrument
