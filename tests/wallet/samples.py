"""Requests of wallets' pages and API for the test of the matrix."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from shared_apps.core import crypto
from shared_apps.ledger import codes
from shared_apps.ledger import services as ledger
from shared_apps.ledger.services import Leg
from tenant_apps.members.models import Member
from tenant_apps.wallet.models import Deposit, PayoutDestination, Transfer, Wallet, Withdrawal
from tenant_apps.wallet.services import destinations
from tests.access.samples import prepare, sample
from tests.access.world import Persona, World
from tests.wallet.conftest import bank_of

IBAN = {"address": "DE89370400440532013000", "holder": "Ann Example", "bank": ""}


@prepare
def _money(world: World) -> None:
    bank = bank_of(world.tenant, "Matrix of wallets")
    for key, member in world.members():
        code = codes.member(member.pk)
        legs = [Leg("clearing:matrix:1", "EUR", -100_00), Leg(code, "EUR", 100_00)]
        ledger.post(key=f"matrix:{member.pk}", kind="deposit", legs=legs)
        Wallet.objects.create(member=member)
        place = PayoutDestination(
            member=member, kind="iban", label="Bank", hint="DE89 … 3000", usable_from=timezone.now()
        )
        place.address = crypto.seal(json.dumps(IBAN), purpose=destinations.PURPOSE, row=place.pk)
        place.save(force_insert=True)
        hold = ledger.hold(key=f"matrix:{member.pk}", code=code, asset="EUR", minor_units=10_00)
        world.things["destination", key] = place
        world.things["withdrawal", key] = Withdrawal.objects.create(
            member=member, destination=place, destination_hint=str(place), currency="EUR", units=10_00,
            approvals_needed=1, hold_id=hold.pk, key="matrix",
        )  # fmt: skip
        world.things["deposit", key] = Deposit.objects.create(
            member=member, currency="EUR", units=5_00, provider="manual", configuration_id=bank.pk,
            payment_id=uuid4(), key="matrix", created_at=timezone.now() - timedelta(days=40),
        )  # fmt: skip
    nobody = Member.objects.create(user_id=2**40, name="Receiver", email="receiver@example.com")
    for key, member in world.members():
        world.things["transfer", key] = Transfer.objects.create(
            sender=member,
            recipient=nobody,
            recipient_as="x@example.com",
            currency="EUR",
            units=1,
            key="matrix",
        )
    world.things["bank", "bystander"] = bank


def _own(kind: str) -> Any:
    return lambda world, persona: world.thing_of(kind, persona).pk


def _others(kind: str) -> Any:
    return lambda world, persona: world.thing_of(kind, world.bystander).pk


def _member(world: World, persona: Persona) -> Any:
    """The member's number; somebody's who is nobody here for a nobody."""
    found = persona.member or world.bystander.member
    assert found is not None
    return found.pk


def _other_member(world: World, persona: Persona) -> Any:
    assert world.bystander.member is not None
    return world.bystander.member.pk


def _deposit_body(world: World, persona: Persona, value: Any) -> dict[str, Any]:
    return {
        "configuration": str(world.things["bank", "bystander"].pk),
        "money": {"amount": "10.00", "currency": "EUR"},
    }


def _withdrawal_body(world: World, persona: Persona, value: Any) -> dict[str, Any]:
    place = world.thing_of("destination", persona)
    return {"destination": str(place.pk), "money": {"amount": "10.00", "currency": "EUR"}}


def _transfer_body(world: World, persona: Persona, value: Any) -> dict[str, Any]:
    return {
        "recipient": str(_other_member(world, persona)), "money": {"amount": "1.00", "currency": "EUR"},
    }  # fmt: skip


def _page_deposit(world: World, persona: Persona, value: Any) -> dict[str, Any]:
    return {
        "configuration": str(world.things["bank", "bystander"].pk), "amount": "10.00", "currency": "EUR",
        "key": "matrix-page",
    }  # fmt: skip


def _page_withdrawal(world: World, persona: Persona, value: Any) -> dict[str, Any]:
    place = world.thing_of("destination", persona)
    return {"destination": str(place.pk), "amount": "10.00", "currency": "EUR", "key": "matrix-page"}


def _each(kind: str) -> dict[str, Any]:
    return {"own": _own(kind), "other": _others(kind)}


_DECIDE = {"other": _others("withdrawal"), "sees": "wallet.view_withdrawal"}

sample("tenant GET /api/v1/wallet/accounts/", shows=_other_member, query={"page_size": "100"})
sample(
    "tenant GET /api/v1/wallet/transactions/", "tenant GET /api/v1/wallet/transactions/export/",
    "tenant GET /wallet/", "tenant GET /wallet/history/", "tenant GET /wallet/history.csv",
    "tenant GET /wallet/statement/", "tenant GET /wallet/deposit/", "tenant GET /wallet/withdraw/",
    "tenant GET /wallet/transfer/", "tenant GET /wallet/destinations/", "tenant GET /wallet/approvals/",
    "tenant GET /wallet/balances/", "tenant GET /api/v1/wallet/destinations/",
)  # fmt: skip
sample("tenant GET /api/v1/wallet/statement/", query={"month": "2026-11"})
sample("tenant GET /api/v1/wallet/deposits/", shows=_others("deposit"), query={"page_size": "100"})
sample("tenant GET /api/v1/wallet/deposits/ways/", query={"currency": "EUR"})
sample("tenant GET /api/v1/wallet/deposits/{pk}/", **_each("deposit"))
sample("tenant POST /api/v1/wallet/deposits/", body=_deposit_body)
sample("tenant POST /wallet/deposit/", body=_page_deposit)
sample("tenant GET /api/v1/wallet/withdrawals/", shows=_others("withdrawal"), query={"page_size": "100"})
sample("tenant GET /api/v1/wallet/withdrawals/{pk}/", **_each("withdrawal"))
sample("tenant POST /api/v1/wallet/withdrawals/", body=_withdrawal_body)
sample("tenant POST /wallet/withdraw/", body=_page_withdrawal)
sample("tenant POST /api/v1/wallet/withdrawals/{pk}/cancel/", **_each("withdrawal"))
sample("tenant POST /api/v1/wallet/withdrawals/{pk}/approve/", **_DECIDE)
sample("tenant POST /api/v1/wallet/withdrawals/{pk}/reject/", body={"reason": "no"}, **_DECIDE)
sample("tenant GET /wallet/withdrawals/{withdrawal_id}/", **_each("withdrawal"))
sample(
    "tenant GET /wallet/withdrawals/{withdrawal_id}/cancel/",
    "tenant POST /wallet/withdrawals/{withdrawal_id}/cancel/",
    sees="wallet.view_withdrawal", **_each("withdrawal"),
)  # fmt: skip
sample("tenant GET /wallet/withdrawals/{withdrawal_id}/decide/", **_DECIDE)
sample("tenant POST /wallet/withdrawals/{withdrawal_id}/decide/", body={"reason": "no"}, **_DECIDE)
sample(
    "tenant GET /api/v1/wallet/destinations/{pk}/", "tenant DELETE /api/v1/wallet/destinations/{pk}/",
    **_each("destination"),
)  # fmt: skip
sample(
    "tenant POST /api/v1/wallet/destinations/",
    body={"kind": "iban", "address": "FR1420041010050500013M02606", "holder": "Ann Example"},
)
sample(
    "tenant POST /wallet/destinations/",
    body={"kind": "iban", "address": "FR1420041010050500013M02606", "holder": "Ann Example"},
)
sample(
    "tenant GET /wallet/destinations/{destination_id}/remove/",
    "tenant POST /wallet/destinations/{destination_id}/remove/",
    sees="wallet.view_destination", **_each("destination"),
)  # fmt: skip
sample("tenant GET /api/v1/wallet/transfers/", shows=_others("transfer"), query={"page_size": "100"})
sample("tenant GET /api/v1/wallet/transfers/{pk}/", **_each("transfer"))
sample("tenant POST /api/v1/wallet/transfers/", body=_transfer_body)
sample(
    "tenant POST /wallet/transfer/",
    body={
        "recipient": "matrix-tenant-bystander@example.com", "amount": "1.00", "currency": "EUR",
        "key": "matrix-page",
    },
)  # fmt: skip
sample(
    "tenant POST /api/v1/wallet/members/{pk}/freeze/", other=_other_member, body={"reason": "Odd"},
    sees="wallet.view_wallet",
)  # fmt: skip
sample(
    "tenant POST /api/v1/wallet/members/{pk}/unfreeze/", other=_other_member, may=frozenset({409}),
    sees="wallet.view_wallet",
)  # fmt: skip
sample("tenant GET /wallet/members/{member_id}/", other=_other_member, sees="wallet.view_wallet")
sample(
    "tenant POST /wallet/members/{member_id}/", other=_other_member, body={"reason": "Odd"},
    sees="wallet.view_wallet",
)  # fmt: skip
