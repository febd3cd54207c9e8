"""The demo trader's paper account (registered with tenants.demo)."""

from __future__ import annotations

from shared_apps.access.actors import load_actor
from shared_apps.tenants.demo import DemoPerson
from shared_apps.tenants.models import Tenant

from . import services
from .models import TradingAccount

NAME = "Practice"


def seed_account(tenant: Tenant, people: list[DemoPerson]) -> None:
    """Give the demo trader a connected paper account in euro; one that exists stays as it is."""
    for person in people:
        if "trader" not in person.capabilities:
            continue
        actor = load_actor(person.user, tenant, fresh=True)
        assert actor.member_id is not None  # the members' own seed came first
        if TradingAccount.objects.filter(member_id=actor.member_id).exists():
            continue
        account = services.create_account(actor=actor, venue="paper", name=NAME, currency="EUR")
        services.connect_account(actor=actor, trading_account_id=account.pk)
