"""Money out: held, approved, paid out. What the provider says of a payout comes by billing's events."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.payments.events import PayoutFailed, PayoutSettled
from billing.payments.models import Purpose
from billing.payments.services import begin_payout
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core.context import current_tenant
from shared_apps.core.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    NotFoundError,
    UnavailableError,
)
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from shared_apps.core.money import Money
from shared_apps.ledger import codes
from shared_apps.ledger import services as ledger
from shared_apps.ledger.services import Leg
from tenant_apps.members.models import Member
from tenant_apps.wallet import options, queries
from tenant_apps.wallet.events import WithdrawalApproved, WithdrawalStateChanged
from tenant_apps.wallet.models import PayoutDestination, Withdrawal, WithdrawalDecision
from tenant_apps.wallet.rules import destinations as destination_rules
from tenant_apps.wallet.rules import withdrawals as rules

from .destinations import open_address
from .guards import (
    DAY,
    check_cool,
    check_identity,
    check_key,
    check_limits,
    check_money,
    check_no_debt,
    check_open,
    check_withdrawable,
    locked_wallet,
    own_member_id,
    refuse_other_request,
    row_number,
    spent_lately,
)
from .moving import settle_debt

State = Withdrawal.State
REASON_LENGTH: Final = 300


@transaction.atomic(durable=True)
def request_withdrawal(*, actor: Actor, destination_id: UUID, money: Money, key: str) -> Withdrawal:
    """Have money paid out: it is held now, and sent when enough people agree.

    How many that are follows from what the member withdraws within 24 hours, however it is split. ``key``
    names this attempt. Raises DomainError naming the field, NotFoundError, StepUpRequired,
    ConflictError (``wallet.cooling_down``, ``wallet.in_debt``), ForbiddenError (``wallet.frozen``,
    ``wallet.identity_needed``), UnprocessableError (``wallet.over_limit``, ``wallet.insufficient_funds``),
    UnavailableError.
    """
    require(actor, "wallet.request_withdrawal")
    member_id = own_member_id(actor)
    require_recent(actor)
    wallet = locked_wallet(member_id)
    known: Withdrawal | None = Withdrawal.objects.filter(member_id=member_id, key=check_key(key)).first()
    if known is not None:
        if (known.destination_id, known.money) != (destination_id, money):
            raise refuse_other_request()
        return known
    check_open(wallet)
    destination = queries.get_destination(actor, destination_id)
    value = check_money(money, options.WITHDRAWAL_MINIMUM)
    if not destination_rules.pays_in(destination.kind, money.currency):
        raise DomainError(
            "wallet.wrong_currency",
            _("%(name)s takes no %(currency)s.") % {"name": destination.label, "currency": money.currency},
            field="money",
        )
    _check_cool(destination, actor.user_id or 0)
    check_no_debt(member_id, money.currency)
    counted = Withdrawal.objects.filter(member_id=member_id, state__in=[str(each) for each in rules.COUNTED])
    check_limits(counted, value, a_day=options.WITHDRAWALS_A_DAY, a_month=options.WITHDRAWALS_A_MONTH)
    check_identity(counted, value, member_id)
    check_withdrawable(member_id, money)
    way = _way(destination.kind, money.currency)
    withdrawal = Withdrawal(
        member_id=member_id,
        destination=destination,
        destination_hint=str(destination),
        currency=money.currency,
        units=money.minor_units(),
        approvals_needed=rules.approvals_needed(
            spent_lately(counted, DAY) + value,
            approval_above=options.APPROVAL_ABOVE.value(),
            four_eyes_above=options.FOUR_EYES_ABOVE.value(),
        ),
        is_simulated=way.is_simulated,
        key=key,
    )
    withdrawal.hold_id = ledger.hold(
        key=f"withdrawal:{withdrawal.pk}",
        code=codes.member(member_id),
        asset=money.currency,
        minor_units=withdrawal.units,
        reference=f"withdrawal:{withdrawal.pk}",
    ).pk
    withdrawal.save(force_insert=True)
    _tell(withdrawal, actor.user_id or 0, "")
    if not withdrawal.approvals_needed:
        _send(withdrawal, destination)
    return withdrawal


def _way(kind: str, currency: str) -> queries.Way:
    way = queries.way_to_pay_out(kind, currency)
    if way is None:
        raise UnavailableError(
            "wallet.no_payout",
            _("%(currency)s cannot be paid out there at present.") % {"currency": currency},
        )
    return way


def _check_cool(destination: PayoutDestination, user_id: int) -> None:
    changed = queries.account_changed_at(user_id)
    check_cool(destination.usable_from, None if changed is None else changed + options.COOL_DOWN.value())


@transaction.atomic(durable=True)
def approve_withdrawal(*, actor: Actor, withdrawal_id: UUID) -> Withdrawal:
    """Agree to a withdrawal; when enough have agreed the money is sent.

    Raises NotFoundError, ForbiddenError (``withdrawal.own``, ``wallet.frozen``), ConflictError (decided
    already, approved twice by one person, the owner's account changed, money is owed), StepUpRequired.
    """
    withdrawal = _locked_to_decide(actor, withdrawal_id)
    approved_by = queries.approvers_of(withdrawal)
    approver_id = _check_decision(actor, withdrawal, approved_by)
    wallet = queries.find_wallet(withdrawal.member_id)
    check_open(wallet)
    check_no_debt(withdrawal.member_id, withdrawal.currency)
    destination = PayoutDestination.objects.get(pk=withdrawal.destination_id)
    user_id = _user_id(withdrawal)
    _check_cool(destination, user_id)
    if destination.removed_at is not None:
        raise ConflictError("withdrawal.destination_gone", _("The member has removed this destination."))
    WithdrawalDecision.objects.create(withdrawal=withdrawal, member_id=approver_id, is_approval=True)
    missing = withdrawal.approvals_needed - len(queries.approvers_that_count(withdrawal))
    emit(WithdrawalApproved(withdrawal_id=withdrawal.pk, user_id=user_id, missing=max(0, missing)))
    if missing <= 0:
        _send(withdrawal, destination)
    return withdrawal


@transaction.atomic(durable=True)
def reject_withdrawal(*, actor: Actor, withdrawal_id: UUID, reason: str) -> Withdrawal:
    """Refuse a withdrawal: the money is available again. Raises as approving does."""
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_LENGTH:
        raise DomainError("withdrawal.reason", _("Say why, in 1 to 300 characters."), field="reason")
    withdrawal = _locked_to_decide(actor, withdrawal_id)
    decider_id = _check_decision(actor, withdrawal, set())
    WithdrawalDecision.objects.update_or_create(
        withdrawal=withdrawal, member_id=decider_id, defaults={"is_approval": False, "reason": reason}
    )
    _move(withdrawal, State.REJECTED, reason)
    return withdrawal


@transaction.atomic(durable=True)
def cancel_withdrawal(*, actor: Actor, withdrawal_id: UUID) -> Withdrawal:
    """Take one's own withdrawal back while it waits. Raises NotFoundError, ConflictError."""
    require(actor, "wallet.request_withdrawal")
    queries.get_withdrawal(actor, withdrawal_id, "wallet.request_withdrawal")
    withdrawal = _locked(withdrawal_id)
    _move(withdrawal, State.CANCELLED)
    return withdrawal


def _locked(withdrawal_id: UUID) -> Withdrawal:
    """The row, locked; it was found before."""
    withdrawal: Withdrawal | None = lock_one(Withdrawal.objects.filter(pk=withdrawal_id))
    if withdrawal is None:
        raise NotFoundError("not_found", _("Not found."))
    return withdrawal


def _locked_to_decide(actor: Actor, withdrawal_id: UUID) -> Withdrawal:
    """The wallet is locked before the withdrawal: freezing it and deciding on it wait for each other."""
    found = queries.get_withdrawal(actor, withdrawal_id, "wallet.approve_withdrawal")
    require_recent(actor)
    locked_wallet(found.member_id)
    return _locked(found.pk)


def _check_decision(actor: Actor, withdrawal: Withdrawal, approved_by: set[UUID]) -> UUID:
    """Who decides, if they may."""
    fault = rules.decision_fault(
        state=withdrawal.state,
        owner=withdrawal.member_id,
        approver=actor.member_id,
        approved_by=approved_by,
    )
    if fault == "own":
        raise ForbiddenError("withdrawal.own", _("Nobody decides on their own withdrawal."))
    if fault == "no_member" or actor.member_id is None:
        raise ForbiddenError("withdrawal.no_member", _("Only members decide on withdrawals."))
    if fault == "twice":
        raise ConflictError(
            "withdrawal.approved_twice", _("You have agreed already; somebody else must, too.")
        )
    if fault == "decided":
        raise ConflictError(
            "withdrawal.decided",
            _("This withdrawal is decided already: %(state)s.") % {"state": State(withdrawal.state).label},
        )
    return actor.member_id


def _send(withdrawal: Withdrawal, destination: PayoutDestination) -> None:
    """Hand a withdrawal to billing, whose worker asks the provider after this transaction."""
    way = _way(destination.kind, withdrawal.currency)
    payout = begin_payout(
        tenant=current_tenant(),
        configuration_id=way.configuration_id,
        purpose=Purpose.WITHDRAWAL,
        reference=str(withdrawal.pk),
        destination=queries.payout_fields(destination.kind, open_address(destination)),
        money=withdrawal.money,
        key=f"withdrawal:{withdrawal.pk}",
        user_id=_user_id(withdrawal),
    )
    withdrawal.payout_id, withdrawal.is_simulated = payout.pk, payout.is_simulated
    _move(withdrawal, State.SENDING)


def on_settled(event: PayoutSettled) -> None:
    """Step: the money has arrived; what was held leaves the wallet, once."""
    withdrawal = _of_payout(event.purpose, event.reference)
    if withdrawal is None or withdrawal.state != State.SENDING:
        return
    ledger.capture(
        withdrawal.hold_id,
        key=event.key,
        kind="withdrawal",
        legs=_legs(withdrawal, event, -withdrawal.units),
        reference=f"withdrawal:{withdrawal.pk}",
        memo=event.provider,
    )
    _move(withdrawal, State.PAID)


def on_payout_failed(event: PayoutFailed) -> None:
    """Step: the money did not arrive, or came back later: it is in the wallet again, with the reason."""
    withdrawal = _of_payout(event.purpose, event.reference)
    if withdrawal is None:
        return
    if withdrawal.state == State.SENDING:
        _move(withdrawal, State.FAILED, event.code)
    elif withdrawal.state == State.PAID:
        ledger.post(
            key=event.key,
            kind="withdrawal_returned",
            legs=_legs(withdrawal, event, withdrawal.units),
            reference=f"withdrawal:{withdrawal.pk}",
            memo=event.code,
        )
        _move(withdrawal, State.RETURNED, event.code)


def _legs(withdrawal: Withdrawal, event: PayoutSettled | PayoutFailed, units: int) -> list[Leg]:
    """``units`` into the wallet, from what lies with the provider; negative: the other way."""
    outside = codes.clearing(event.provider, event.configuration_id)
    return [
        Leg(codes.member(withdrawal.member_id), withdrawal.currency, units),
        Leg(outside, withdrawal.currency, -units),
    ]


def _of_payout(purpose: str, reference: str) -> Withdrawal | None:
    if purpose != Purpose.WITHDRAWAL:
        return None
    return lock_one(Withdrawal.objects.filter(pk=row_number(reference, purpose)))


def _move(withdrawal: Withdrawal, state: str, reason: str = "") -> None:
    """Step: the only writer of a state; the money follows the rule of the state that is entered."""
    before = withdrawal.state
    if not rules.may_follow(before, state):
        raise ConflictError(
            "withdrawal.illegal_step",
            _("A withdrawal that is %(before)s cannot become %(after)s.")
            % {"before": State(before).label, "after": State(state).label},
        )
    withdrawal.state, withdrawal.reason = state, reason[:REASON_LENGTH]
    if state != State.SENDING:
        withdrawal.finished_at = timezone.now()
    withdrawal.save(update_fields=["state", "reason", "finished_at", "payout_id", "is_simulated"])
    step = rules.STEPS[rules.State(state)]
    if step is rules.Step.RELEASE:
        ledger.release(withdrawal.hold_id)
    if step in (rules.Step.RELEASE, rules.Step.GIVE_BACK):
        settle_debt(member_id=withdrawal.member_id, currency=withdrawal.currency)
    _tell(withdrawal, _user_id(withdrawal), before)


def _tell(withdrawal: Withdrawal, user_id: int, before: str) -> None:
    emit(
        WithdrawalStateChanged(
            withdrawal_id=withdrawal.pk,
            user_id=user_id,
            before=before,
            after=withdrawal.state,
            currency=withdrawal.currency,
            minor_units=withdrawal.units,
            reason=withdrawal.reason,
        )
    )


def _user_id(withdrawal: Withdrawal) -> int:
    return Member.objects.values_list("user_id", flat=True).get(pk=withdrawal.member_id)
