"""Money for the demo's members: deposits, a transfer, and a withdrawal that waits for the owner."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from billing.payments.services.gateways import add_configuration
from shared_apps.core import crypto
from shared_apps.core.context import platform_context
from shared_apps.core.money import Money
from shared_apps.ledger import codes
from shared_apps.ledger import services as ledger
from shared_apps.ledger.services import Leg
from tenant_apps.members.models import Member

from . import queries
from .models import Deposit, PayoutDestination, Transfer, Withdrawal
from .rules import destinations as rules
from .services.destinations import PURPOSE

if TYPE_CHECKING:
    from shared_apps.tenants.demo import DemoPerson
    from shared_apps.tenants.models import Tenant

KEY: Final = "demo"
IBAN: Final = "DE89370400440532013000"
#: Who paid in how much, and how many days ago.
_DEPOSITS: Final = (("trader", "500.00", 20), ("buyer", "250.00", 12), ("seller", "80.00", 5))
_SLUG: Final = "acme"


def seed(tenant: Tenant, people: list[DemoPerson]) -> None:
    """Acme's members have money; what is there already stays as it is."""
    if tenant.slug != _SLUG:
        return
    members = {
        person.key: Member.objects.filter(user_id=person.user.pk).first() for person in people
    }  # fmt: skip
    trader, buyer = members.get("trader"), members.get("buyer")
    if trader is None or buyer is None:
        return
    with transaction.atomic():
        bank = _bank(tenant)
        for key, amount, days in _DEPOSITS:
            if (member := members.get(key)) is not None:
                _deposit(member, Money(Decimal(amount), "EUR"), days, bank)
        _transfer(trader, buyer, Money(Decimal("25.00"), "EUR"))
        _withdrawal(trader, Money(Decimal("60.00"), "EUR"))


def _bank(tenant: Tenant) -> queries.Way:
    found = queries.way_to_pay_out(rules.IBAN, "EUR")
    if found is None:
        with platform_context():
            add_configuration(
                tenant=tenant,
                provider="manual",
                name="Bank transfer",
                settings={"account_holder": tenant.name, "iban": IBAN},
                secrets={},
                currencies=["EUR", "USD"],
                is_simulated=True,
            )
        found = queries.way_to_pay_out(rules.IBAN, "EUR")
    if found is None:
        raise RuntimeError("the demo's bank account is not usable")
    return found


def _deposit(member: Member, money: Money, days: int, bank: queries.Way) -> None:
    units, then = money.minor_units(), timezone.now() - timedelta(days=days)
    row, made = Deposit.objects.get_or_create(
        member=member,
        key=KEY,
        defaults={
            "state": Deposit.State.SUCCEEDED,
            "currency": money.currency,
            "units": units,
            "credited_units": units,
            "provider": bank.provider,
            "configuration_id": bank.configuration_id,
            "is_simulated": bank.is_simulated,
            "created_at": then,
            "credited_at": then,
            "withdrawable_from": then,
        },
    )
    if made:
        outside = codes.clearing(bank.provider, bank.configuration_id)
        ledger.post(
            key=f"demo:deposit:{row.pk}",
            kind="deposit",
            legs=[
                Leg(outside, money.currency, -units),
                Leg(codes.member(member.pk), money.currency, units),
            ],
            reference=f"deposit:{row.pk}",
            memo=bank.provider,
        )


def _transfer(sender: Member, recipient: Member, money: Money) -> None:
    units = money.minor_units()
    row, made = Transfer.objects.get_or_create(
        sender=sender,
        key=KEY,
        defaults={
            "recipient": recipient,
            "recipient_as": recipient.email,
            "currency": money.currency,
            "units": units,
            "note": "Lunch",
        },
    )
    if made:
        ledger.post(
            key=f"transfer:{row.pk}",
            kind="transfer",
            legs=[
                Leg(codes.member(sender.pk), money.currency, -units),
                Leg(codes.member(recipient.pk), money.currency, units),
            ],
            reference=f"transfer:{row.pk}",
        )


def _withdrawal(member: Member, money: Money) -> None:
    if Withdrawal.objects.filter(member=member, key=KEY).exists():
        return
    place = PayoutDestination.objects.filter(member=member, kind=rules.IBAN).first()
    if place is None:
        place = PayoutDestination(
            member=member,
            kind=rules.IBAN,
            label="My bank",
            hint=rules.hint(rules.IBAN, IBAN),
            usable_from=timezone.now(),
        )
        told = {"address": IBAN, "holder": member.name, "bank": ""}
        place.address = crypto.seal(json.dumps(told), purpose=PURPOSE, row=place.pk)
        place.save(force_insert=True)
    row = Withdrawal(
        member=member,
        destination=place,
        destination_hint=str(place),
        currency=money.currency,
        units=money.minor_units(),
        approvals_needed=1,
        is_simulated=True,
        key=KEY,
    )
    row.hold_id = ledger.hold(
        key=f"withdrawal:{row.pk}",
        code=codes.member(member.pk),
        asset=money.currency,
        minor_units=row.units,
        reference=f"withdrawal:{row.pk}",
    ).pk
    row.save(force_insert=True)
