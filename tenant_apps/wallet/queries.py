"""Reads of wallets. Balances are the ledger's; what may leave is less while fresh card money stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.payments import queries as payments
from billing.payments.models import PaymentGatewayConfig
from billing.payments.providers.base import Capability, provider_type
from shared_apps.access.actors import Actor, load_actor
from shared_apps.access.catalogue import reaches
from shared_apps.access.scoping import get_for, scope
from shared_apps.core.context import current_schema, current_tenant, platform_context
from shared_apps.core.errors import NotFoundError
from shared_apps.ledger import codes
from shared_apps.ledger import queries as ledger
from shared_apps.ledger.models import LedgerAccount
from shared_apps.users.models import User
from tenant_apps.members.models import Member

from .models import Deposit, PayoutDestination, Transfer, Wallet, Withdrawal, WithdrawalDecision
from .rules import deposits
from .rules import destinations as rules

#: A password that is as old as the account was chosen, not changed.
_BEGINNING: Final = timedelta(minutes=1)
#: How codes of wallets begin, for lists; single ones are named by ledger.codes.
_WALLETS: Final = "member:"


@dataclass(frozen=True, slots=True)
class Purse:
    """What a member has of one currency; amounts are in smallest units."""

    member_id: UUID
    member_name: str
    currency: str
    balance: int
    held: int
    available: int
    withdrawable: int
    owed: int


@dataclass(frozen=True, slots=True)
class Way:
    """An account of the organisation at a provider, by which money comes in or goes out."""

    configuration_id: UUID
    provider: str
    name: str
    is_simulated: bool


#: Who pays out to which kind of destination, and by which names its fields go there.
_PAYERS: Final[dict[str, str]] = {
    rules.IBAN: "manual",
    rules.PAYPAL: "paypal",
    rules.CRYPTO: "btcpay",
    rules.SBP: "yookassa",
}

_FIELDS: Final[dict[str, dict[str, str]]] = {
    rules.IBAN: {"iban": "address", "account_holder": "holder"},
    rules.PAYPAL: {"email": "address"},
    rules.CRYPTO: {"address": "address"},
    rules.SBP: {"phone": "address", "bank_id": "bank"},
}


def _own(actor: Actor) -> Q:
    return Q(member_id=actor.member_id)


def locked_units(member_id: UUID, currency: str, now: datetime | None = None) -> int:
    """What came in lately and may still be called back: it can be spent here, and not leave."""
    fresh = Deposit.objects.filter(
        member_id=member_id, currency=currency, withdrawable_from__gt=now or timezone.now()
    )
    total = fresh.aggregate(total=Sum(F("credited_units") - F("returned_units")))["total"]
    return int(total or 0)


def withdrawable_units(member_id: UUID, currency: str) -> int:
    """What may leave a wallet now."""
    available = ledger.balance(codes.member(member_id), currency).available
    return deposits.withdrawable(available, locked_units(member_id, currency))


def owed_units(member_id: UUID, currency: str) -> int:
    """What a member owes after money was called back; never negative."""
    return max(0, -ledger.balance(codes.receivable(member_id), currency).balance)


def get_member(actor: Actor, member_id: UUID, permission: str) -> Member:
    """The owner of a wallet that the actor acts on. Raises NotFoundError or ForbiddenError."""
    member: Member = get_for(
        actor, Member.objects.all(), "wallet.view_wallet", permission, member_id, own=Q(pk=actor.member_id)
    )
    return member


def find_wallet(member_id: UUID | None) -> Wallet | None:
    """The row of a wallet that was used before."""
    return None if member_id is None else Wallet.objects.filter(member_id=member_id).first()


def visible_deposits(actor: Actor) -> QuerySet[Deposit]:
    """One's own; all for leaders and auditors."""
    return scope(Deposit.objects.select_related("member"), actor, "wallet.view_deposit", own=_own(actor))


def visible_withdrawals(actor: Actor) -> QuerySet[Withdrawal]:
    """One's own; all for leaders and auditors."""
    rows = Withdrawal.objects.select_related("member", "destination").prefetch_related("decisions__member")
    return scope(rows, actor, "wallet.view_withdrawal", own=_own(actor))


def get_withdrawal(actor: Actor, withdrawal_id: UUID, permission: str) -> Withdrawal:
    """A withdrawal to act on. Raises NotFoundError or ForbiddenError."""
    row: Withdrawal = get_for(
        actor,
        Withdrawal.objects.all(),
        "wallet.view_withdrawal",
        permission,
        withdrawal_id,
        own=_own(actor),
    )
    return row


def waiting_withdrawals(actor: Actor) -> QuerySet[Withdrawal]:
    """What waits for somebody's approval, the oldest first."""
    rows = visible_withdrawals(actor).filter(state=Withdrawal.State.WAITING)
    return rows.order_by("created_at", "id")


def approvers_of(withdrawal: Withdrawal) -> set[UUID]:
    """Who has agreed to a withdrawal."""
    rows = WithdrawalDecision.objects.filter(withdrawal=withdrawal, is_approval=True)
    return set(rows.values_list("member_id", flat=True))


def approvers_that_count(withdrawal: Withdrawal) -> set[UUID]:
    """Those of them who may decide today: whoever has left or lost the right since does not count."""
    rows = Member.objects.filter(pk__in=approvers_of(withdrawal)).values_list("pk", "user_id")
    return {
        member_id
        for member_id, user_id in rows
        if reaches(
            load_actor(User(pk=user_id), current_tenant(), fresh=True), "wallet.approve_withdrawal", False
        )
    }


def own_destinations(actor: Actor) -> QuerySet[PayoutDestination]:
    """Where the actor is paid out to; nobody reads others'."""
    return PayoutDestination.objects.filter(_own(actor), removed_at__isnull=True)


def get_destination(actor: Actor, destination_id: UUID, *, for_update: bool = False) -> PayoutDestination:
    """One of the actor's own destinations. Raises NotFoundError."""
    rows = own_destinations(actor).filter(pk=destination_id)
    row = (rows.select_for_update() if for_update else rows).first()
    if row is None:
        raise NotFoundError("destination.not_found", _("There is no such destination."))
    return row


def visible_transfers(actor: Actor) -> QuerySet[Transfer]:
    """What one has sent and received; all for leaders and auditors."""
    own = Q(sender_id=actor.member_id) | Q(recipient_id=actor.member_id)
    rows = Transfer.objects.select_related("sender", "recipient")
    return scope(rows, actor, "wallet.view_transfer", own=own)


def account_changed_at(user_id: int) -> datetime | None:
    """When a person last changed the password or the e-mail address, on whichever host; None: never yet.

    Addresses of the last week are known.
    """
    with platform_context():
        columns = ("date_joined", "password_updated", "former_addresses")
        row = User.objects.filter(pk=user_id).values_list(*columns).first()
    if row is None:
        return None
    joined, password_at, former = row
    moments = [datetime.fromisoformat(changed_at) for _address, changed_at in former]
    if password_at is not None and password_at > joined + _BEGINNING:
        moments.append(password_at)
    return max(moments, default=None)


def ways_to_deposit(currency: str) -> list[Way]:
    """How members may pay in a currency: the organisation's own accounts, never the platform's."""
    return [_way(row) for row in _configurations(currency)]


def way_to_pay_out(kind: str, currency: str) -> Way | None:
    """By which account a kind of destination is paid; None where the organisation has none that works."""
    rows = [row for row in _configurations(currency) if row.provider == _PAYERS[kind]]
    return _way(rows[0]) if rows else None


def _configurations(currency: str) -> list[PaymentGatewayConfig]:
    schema = current_schema()
    with platform_context():
        return payments.usable_configurations(schema, currency)


def _way(row: PaymentGatewayConfig) -> Way:
    return Way(row.pk, row.provider, row.name, row.is_simulated)


def may_be_called_back(provider: str) -> bool:
    """Whether a payer can take a payment back for weeks; a transfer, a QR payment or a coin is final."""
    final = {Capability.QR, Capability.ADDRESS, Capability.STAFF}
    return not provider_type(provider).capabilities & final


def payout_fields(kind: str, told: Mapping[str, str]) -> dict[str, str]:
    """A destination as its provider reads it (``destination_fields`` of the provider)."""
    return {name: told[ours] for name, ours in _FIELDS[kind].items()}


def visible_accounts(actor: Actor) -> QuerySet[LedgerAccount]:
    """Balances of wallets: one's own; all for leaders and auditors."""
    rows = LedgerAccount.objects.filter(owner__isnull=False, code__startswith=_WALLETS)
    return scope(rows, actor, "wallet.view_wallet", own=Q(owner=actor.member_id))


def purses(accounts: Iterable[LedgerAccount]) -> list[Purse]:
    """Accounts of wallets with their owners, what may leave, and what is owed; in three queries."""
    rows = [(account.owner, account) for account in accounts if account.owner is not None]
    owners = {owner for owner, _account in rows}
    names = dict(Member.objects.filter(pk__in=owners).values_list("pk", "name"))
    fresh = Deposit.objects.filter(member_id__in=owners, withdrawable_from__gt=timezone.now())
    sums = fresh.order_by().values("member_id", "currency")
    locked = {
        (row["member_id"], row["currency"]): int(row["total"])
        for row in sums.annotate(total=Sum(F("credited_units") - F("returned_units")))
    }
    debts = LedgerAccount.objects.filter(code__in=[codes.receivable(owner) for owner in owners])
    owed = {(row.owner, row.asset): max(0, -int(row.balance)) for row in debts}
    found = []
    for owner, account in rows:
        balance, held = int(account.balance), int(account.held)
        found.append(
            Purse(
                member_id=owner,
                member_name=names.get(owner, ""),
                currency=account.asset,
                balance=balance,
                held=held,
                available=balance - held,
                withdrawable=deposits.withdrawable(balance - held, locked.get((owner, account.asset), 0)),
                owed=owed.get((owner, account.asset), 0),
            )
        )
    return found


def pay_address(deposit: Deposit) -> str:
    """The page where a deposit is paid."""
    return reverse("pay:pay", args=[deposit.payment_id])
