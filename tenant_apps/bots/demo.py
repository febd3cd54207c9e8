"""The demo trader's bot on the simulated market (registered with tenants.demo)."""

from __future__ import annotations

from shared_apps.access.actors import load_actor
from shared_apps.market_data.demo import DEMO_SYMBOL
from shared_apps.market_data.rules import Interval
from shared_apps.tenants.demo import DemoPerson
from shared_apps.tenants.models import Tenant
from tenant_apps.trading_accounts.models import TradingAccount

from . import services
from .models import Bot
from .strategies.sma_cross import SmaCross

NAME = "Crosser"


def seed_bot(tenant: Tenant, people: list[DemoPerson]) -> None:
    """Let a bot of the demo trader trade the simulated market; one that exists stays as it is."""
    for person in people:
        if "trader" not in person.capabilities:
            continue
        actor = load_actor(person.user, tenant, fresh=True)
        assert actor.member_id is not None  # the members' own seed came first
        account = TradingAccount.objects.filter(member_id=actor.member_id, status="connected").first()
        if account is None or Bot.objects.filter(member_id=actor.member_id).exists():
            continue
        bot = services.create_bot(
            actor=actor,
            name=NAME,
            trading_account_id=account.pk,
            symbol=DEMO_SYMBOL,
            interval=Interval.M1,
            strategy=SmaCross.key,
            params={"fast": 5, "slow": 20, "quantity": "5"},
        )
        services.start_bot(actor=actor, bot_id=bot.pk)
