"""Meters: counted once, told of at 80 and 100 per cent, refused beyond the hard limit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from billing.subscriptions import meters
from billing.subscriptions.events import MeterAlert
from shared_apps.core import events
from shared_apps.core.context import tenant_context
from shared_apps.core.errors import ForbiddenError
from shared_apps.market_data.models import Instrument
from tenant_apps.bots import services as bots
from tenant_apps.bots.models import Bot, BotEvent
from tenant_apps.members import services as members
from tenant_apps.members.models import Invitation
from tenant_apps.trading_accounts import services as accounts
from tests.subscriptions.shop import Clock, Shop
from tests.subscriptions.test_renewing import work
from tests.support.trading import SYMBOL

pytestmark = pytest.mark.django_db


def on_plan(shop: Shop, **limits: Any) -> None:
    """The organisation is on a plan with these limits."""
    shop.plan("Small", requires_payment=False, **limits)
    shop.price("Small", "0.00", "month", 1)
    shop.choose("Small")


@pytest.fixture
def alerts() -> Any:
    heard: list[MeterAlert] = []
    events.subscribe(MeterAlert, heard.append)
    yield heard
    events._SUBSCRIBERS[MeterAlert].remove(heard.append)


@pytest.mark.req("F15", "S4-46", "C34")
def test_owners_are_told_once_at_80_and_at_100(platform_shop: Shop, clock: Clock, alerts: list[Any]) -> None:
    on_plan(platform_shop, daily_time_minutes=10)
    acme = platform_shop.tenant
    for _minute in range(12):
        meters.count(acme, "bot_minutes", 1)
    assert [(alert.share, alert.used, alert.limit) for alert in alerts] == [(80, 8, 10), (100, 10, 10)]
    assert meters.is_full(acme, "bot_minutes") and meters.left(acme, "bot_minutes") == 0
    work()
    assert [(each.to, each.subject) for each in mail.outbox] == [
        (["owner@acme.example.com"], "Acme Trading Club has used 80 % of a limit"),
        (["owner@acme.example.com"], "Acme Trading Club has used 100 % of a limit"),
    ]
    clock.go(days=1)
    assert meters.left(acme, "bot_minutes") == 10, "a new day"


def test_without_a_plan_nothing_is_limited(platform_shop: Shop, globex: Any) -> None:
    on_plan(platform_shop, daily_time_minutes=1, seats=1)
    meters.count(globex, "bot_minutes", 10_000)
    assert meters.left(globex, "bot_minutes") is None and not meters.is_full(globex, "bot_minutes")
    meters.require_room(globex, "members", there_are=10_000)


@pytest.mark.req("F15")
def test_a_minute_counts_once_whoever_tells_of_it(platform_shop: Shop, clock: Clock) -> None:
    acme = platform_shop.tenant
    for at in (clock.at, clock.at + timedelta(seconds=40), clock.at - timedelta(minutes=3)):
        meters.count(acme, "bot_minutes", 4, at=at)
    assert meters.used(acme, meters.Meter.BOT_MINUTES) == 4
    meters.count(acme, "bot_minutes", 4, at=clock.at + timedelta(minutes=1))
    assert meters.used(acme, meters.Meter.BOT_MINUTES) == 8


@pytest.mark.req("F15", "S4-46")
def test_bots_pause_when_the_day_s_minutes_are_used_up(
    shop: Shop, platform_shop: Shop, clock: Clock, coin: Instrument
) -> None:
    on_plan(platform_shop, daily_time_minutes=3)
    with tenant_context(shop.tenant):
        made = accounts.create_account(actor=shop.buyer, venue="paper", name="Desk", currency="EUR")
        desk = accounts.connect_account(actor=shop.buyer, trading_account_id=made.pk)
        ids = []
        for name in ("A", "B"):
            bot = bots.create_bot(
                actor=shop.buyer, name=name, trading_account_id=desk.pk, symbol=SYMBOL, interval="1m",
                strategy="sma_cross", params={"quantity": "1"},
            )  # fmt: skip
            ids.append(bots.start_bot(actor=shop.buyer, bot_id=bot.pk).pk)
        bots.count_minute(clock.at)
        bots.count_minute(clock.at)  # the same minute
        assert set(Bot.objects.filter(pk__in=ids).values_list("status", flat=True)) == {"running"}
        bots.count_minute(clock.go(minutes=1))
        assert set(Bot.objects.filter(pk__in=ids).values_list("status", "status_reason")) == {
            ("paused", "quota.bot_minutes")
        }
        assert BotEvent.objects.filter(reason="quota.bot_minutes").count() == 2
        with pytest.raises(ForbiddenError, match="bot minutes"):
            bots.start_bot(actor=shop.buyer, bot_id=ids[0])
        clock.go(days=1)
        assert bots.start_bot(actor=shop.buyer, bot_id=ids[0]).status == "running"


@pytest.mark.req("F15")
def test_an_invitation_beyond_the_plan_s_people_is_refused(platform_shop: Shop, shop: Shop) -> None:
    on_plan(platform_shop, seats=8)  # seven people are there
    with tenant_context(shop.tenant):
        members.invite_member(
            actor=shop.seller, email="one@example.com", capabilities=["buyer"], origin="http://acme.localhost"
        )
        with pytest.raises(ForbiddenError) as caught:
            members.invite_member(
                actor=shop.seller,
                email="two@example.com",
                capabilities=["buyer"],
                origin="http://acme.localhost",
            )
        assert caught.value.code == "quota.exceeded"
        assert caught.value.details == {"meter": "members", "limit": 8, "remaining": 0}
        assert Invitation.objects.count() == 1


def test_a_number_that_falls_may_be_told_of_again(platform_shop: Shop, alerts: list[Any]) -> None:
    on_plan(platform_shop, limits={"listings": {"hard": 10}})
    for number in (8, 9, 3, 9):
        meters.hold(platform_shop.tenant, "listings", number)
    assert [alert.used for alert in alerts] == [8, 9]
    assert meters.used(platform_shop.tenant, meters.Meter.LISTINGS) == 9
