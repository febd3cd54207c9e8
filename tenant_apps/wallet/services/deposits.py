"""Money in: a payment is begun here and followed by billing, whose events say what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.payments.events import (
    DisputeClosed,
    PaymentDisputed,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
    RefundFailed,
)
from billing.payments.models import Payment, Purpose
from billing.payments.services import begin_payment, start_payment
from billing.payments.services.steps import ACTION_SECRET
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core import crypto
from shared_apps.core.context import current_tenant, platform_context
from shared_apps.core.errors import NotFoundError, UnprocessableError
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from shared_apps.core.money import Money
from shared_apps.ledger import codes
from shared_apps.ledger import queries as ledger_queries
from shared_apps.ledger import services as ledger
from shared_apps.ledger.services import Leg
from tenant_apps.members.models import Member
from tenant_apps.wallet import options, queries
from tenant_apps.wallet.events import (
    DepositCredited,
    DepositFailed,
    DepositRestored,
    DepositReturned,
    DepositStarted,
)
from tenant_apps.wallet.models import Deposit
from tenant_apps.wallet.rules import deposits as rules

from .guards import (
    check_identity,
    check_key,
    check_limits,
    check_money,
    locked_wallet,
    own_member_id,
    refuse_other_request,
    row_number,
)
from .moving import settle_debt

State = Deposit.State
REASON_LENGTH: Final = 300
#: How often a posting is tried again when somebody spends at the same moment.
_TRIES: Final = 3


@transaction.atomic(durable=True)
def begin_deposit(
    *, actor: Actor, configuration_id: UUID, money: Money, key: str, return_url: str, surface: str = "page"
) -> Deposit:
    """Have the actor pay into the own wallet; the page of the payment or ``start_payment`` goes on from here.

    ``key`` names this attempt: the same key answers with the first deposit. ``return_url`` is the way back.
    Raises DomainError naming the field, ForbiddenError ``wallet.identity_needed``, UnprocessableError
    ``wallet.over_limit`` or ``idempotency.key_reused``, NotFoundError.
    """
    require(actor, "wallet.create_deposit")
    member_id = own_member_id(actor)
    locked_wallet(member_id)
    known: Deposit | None = Deposit.objects.filter(member_id=member_id, key=check_key(key)).first()
    if known is not None:
        if (known.configuration_id, known.money) != (configuration_id, money):
            raise refuse_other_request()
        return known
    value = check_money(money, options.DEPOSIT_MINIMUM)
    ways = {each.configuration_id: each for each in queries.ways_to_deposit(money.currency)}
    way = ways.get(configuration_id)
    if way is None:
        raise NotFoundError(
            "wallet.no_way",
            _("This way of paying is not offered for %(currency)s.") % {"currency": money.currency},
            field="configuration",
        )
    counted = Deposit.objects.filter(member_id=member_id).exclude(state=State.FAILED)
    check_limits(counted, value, a_day=options.DEPOSITS_A_DAY, a_month=options.DEPOSITS_A_MONTH)
    check_identity(counted, value, member_id)
    deposit = Deposit(
        member_id=member_id,
        currency=money.currency,
        units=money.minor_units(),
        provider=way.provider,
        configuration_id=configuration_id,
        is_simulated=way.is_simulated,
        key=key,
    )
    deposit.payment_id = begin_payment(
        tenant=current_tenant(),
        configuration_id=configuration_id,
        purpose=Purpose.DEPOSIT,
        reference=str(deposit.pk),
        user_id=actor.user_id,
        money=money,
        description=_("Deposit into your wallet"),
        return_url=return_url,
        key=f"deposit:{deposit.pk}",
        surface=surface,
    ).pk
    deposit.save(force_insert=True)
    emit(
        DepositStarted(
            deposit_id=deposit.pk,
            user_id=actor.user_id or 0,
            currency=money.currency,
            minor_units=deposit.units,
            provider=deposit.provider,
        )
    )
    return deposit


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What the payer does next, for programs; pages show the same at the payment's address."""

    kind: str
    url: str
    secret: str
    address: str
    details: dict[str, str]
    expires_at: datetime | None


def start_deposit(deposit: Deposit) -> NextStep:
    """Ask the provider to begin, and say what the payer does next. Not in a transaction; may be repeated.

    Raises UnavailableError where the provider cannot be reached: the same key tries again.
    """
    if deposit.payment_id is None:
        raise NotFoundError("wallet.no_payment", _("There is nothing to be paid."))
    start_payment(deposit.payment_id)
    with platform_context():
        payment = Payment.objects.defer(None).get(pk=deposit.payment_id)
        sealed = payment.action_secret
        secret = crypto.unseal(sealed, purpose=ACTION_SECRET, row=payment.pk) if sealed else ""
    deposit.refresh_from_db()
    return NextStep(
        kind=payment.action_kind or "none",
        url=payment.action_url,
        secret=secret,
        address=payment.action_address,
        details=payment.action_details,
        expires_at=payment.action_expires_at,
    )


def on_succeeded(event: PaymentSucceeded) -> None:
    """Step: what came in stands in the wallet, once, also after the payment was given up."""
    deposit = _locked(event.purpose, event.reference)
    if deposit is None:
        return
    posting = ledger.post(
        key=event.key,
        kind="deposit",
        legs=_legs(event, codes.member(deposit.member_id), event.minor_units),
        reference=f"deposit:{deposit.pk}",
        memo=deposit.provider,
    )
    if posting.replayed:
        return
    now = timezone.now()
    deposit.state = State.SUCCEEDED
    deposit.currency = event.currency
    deposit.credited_units += event.minor_units
    deposit.credited_at = now
    deposit.reason = ""
    deposit.withdrawable_from = rules.withdrawable_from(
        now, options.CARD_DELAY.value(), queries.may_be_called_back(deposit.provider)
    )
    deposit.save()
    emit(
        DepositCredited(
            deposit_id=deposit.pk,
            user_id=_user_id(deposit),
            currency=event.currency,
            minor_units=event.minor_units,
        )
    )
    settle_debt(member_id=deposit.member_id, currency=event.currency)


def on_failed(event: PaymentFailed) -> None:
    """Step: nothing came; or, late, what had come is taken away again."""
    deposit = _locked(event.purpose, event.reference)
    if deposit is None:
        return
    if deposit.state == State.PENDING:
        deposit.state, deposit.reason = State.FAILED, event.message[:REASON_LENGTH]
        deposit.save(update_fields=["state", "reason"])
        emit(DepositFailed(deposit_id=deposit.pk, user_id=_user_id(deposit), reason=event.code))
    elif deposit.state == State.SUCCEEDED:
        _take_back(deposit, event, deposit.credited_units - deposit.returned_units, "late_failure")


def on_refunded(event: PaymentRefunded) -> None:
    """Step: money went back to the payer."""
    deposit = _locked(event.purpose, event.reference)
    if deposit is not None:
        _take_back(deposit, event, event.minor_units, "refund")


def on_refund_failed(event: RefundFailed) -> None:
    """Step: a refund that had been told came back."""
    deposit = _locked(event.purpose, event.reference)
    if deposit is not None and event.was_refunded:
        _restore(deposit, event, "refund_failed")


def on_disputed(event: PaymentDisputed) -> None:
    """Step: the payer's bank takes the money until it is decided."""
    deposit = _locked(event.purpose, event.reference)
    if deposit is not None:
        _take_back(deposit, event, event.minor_units, "dispute")


def on_dispute_closed(event: DisputeClosed) -> None:
    """Step: a dispute that was won gives the money back."""
    deposit = _locked(event.purpose, event.reference)
    if deposit is not None and event.won:
        _restore(deposit, event, "dispute_won")


_Taken = PaymentFailed | PaymentRefunded | PaymentDisputed
_GivenBack = RefundFailed | DisputeClosed


def _take_back(deposit: Deposit, event: _Taken, units: int, why: str) -> None:
    """What the wallet has pays it; what is missing becomes the member's debt."""
    if units <= 0 or ledger_queries.find_posting(event.key) is not None:
        return
    wallet, currency = codes.member(deposit.member_id), event.currency
    for left in reversed(range(_TRIES)):
        available = ledger_queries.balance(wallet, currency).available if left else 0
        paid = rules.to_settle(available, units)
        legs = [Leg(codes.clearing(event.provider, event.configuration_id), currency, units)]
        if paid:
            legs.append(Leg(wallet, currency, -paid))
        if units > paid:
            legs.append(Leg(codes.receivable(deposit.member_id), currency, paid - units))
        try:
            ledger.post(key=event.key, kind=f"deposit_{why}", legs=legs, reference=f"deposit:{deposit.pk}")
            break
        except UnprocessableError:  # spent at this very moment: look again
            continue
    deposit.returned_units = min(deposit.credited_units, deposit.returned_units + units)
    deposit.state = rules.state_after_return(deposit.credited_units, deposit.returned_units)
    deposit.reason = why
    deposit.save(update_fields=["returned_units", "state", "reason"])
    emit(
        DepositReturned(
            deposit_id=deposit.pk,
            user_id=_user_id(deposit),
            currency=currency,
            minor_units=units,
            owed=units - paid,
            why=why,
        )
    )


def _restore(deposit: Deposit, event: _GivenBack, why: str) -> None:
    posting = ledger.post(
        key=event.key,
        kind=f"deposit_{why}",
        legs=_legs(event, codes.member(deposit.member_id), event.minor_units),
        reference=f"deposit:{deposit.pk}",
    )
    if posting.replayed:
        return
    deposit.returned_units = max(0, deposit.returned_units - event.minor_units)
    deposit.state = rules.state_after_return(deposit.credited_units, deposit.returned_units)
    deposit.reason = why
    deposit.save(update_fields=["returned_units", "state", "reason"])
    emit(
        DepositRestored(
            deposit_id=deposit.pk,
            user_id=_user_id(deposit),
            currency=event.currency,
            minor_units=event.minor_units,
        )
    )
    settle_debt(member_id=deposit.member_id, currency=event.currency)


def _legs(event: PaymentSucceeded | _GivenBack, code: str, units: int) -> list[Leg]:
    outside = codes.clearing(event.provider, event.configuration_id)
    return [Leg(outside, event.currency, -units), Leg(code, event.currency, units)]


def _locked(purpose: str, reference: str) -> Deposit | None:
    """The deposit that a payment was made for, locked; None for payments of others."""
    if purpose != Purpose.DEPOSIT:
        return None
    return lock_one(Deposit.objects.filter(pk=row_number(reference, purpose)))


def _user_id(deposit: Deposit) -> int:
    return Member.objects.values_list("user_id", flat=True).get(pk=deposit.member_id)
