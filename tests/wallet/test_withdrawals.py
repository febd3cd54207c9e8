"""Money out: held, approved by other eyes, paid out, and back when it did not arrive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from billing.payments.models import PaymentGatewayConfig, Payout
from billing.payments.services import send_payout, staff
from shared_apps.access.step_up import StepUpRequired
from shared_apps.core.context import audit_context, platform_context
from shared_apps.core.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    NotFoundError,
    UnavailableError,
    UnprocessableError,
)
from shared_apps.core.money import Money
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import Session, User
from tenant_apps.compliance.models import IdentityCase
from tenant_apps.members.models import Member
from tenant_apps.wallet import identity, services
from tenant_apps.wallet.models import PayoutDestination, Withdrawal
from tests.wallet.conftest import BITCOIN, acts, available, eur, fund, held, iban_of, member_of, told

pytestmark = pytest.mark.django_db


def ask(who: str, amount: str, destination: PayoutDestination, key: str = "") -> Withdrawal:
    return services.request_withdrawal(
        actor=acts(who), destination_id=destination.pk, money=eur(amount), key=key or str(uuid4())
    )


def approve(who: str, withdrawal: Withdrawal) -> Withdrawal:
    return services.approve_withdrawal(actor=acts(who), withdrawal_id=withdrawal.pk)


def payout_of(withdrawal: Withdrawal) -> Payout:
    with platform_context():
        return Payout.objects.get(reference=str(withdrawal.pk))


def confirm(who: str, withdrawal: Withdrawal, happened: bool = True) -> None:
    payout = payout_of(withdrawal)
    send_payout(payout.pk)
    staff.confirm_transfer(actor=acts(who), kind="payout", object_id=payout.pk, happened=happened)
    withdrawal.refresh_from_db()


@pytest.mark.req("S1-12", "S1-16", "F45")
def test_from_asking_to_paid(bank: PaymentGatewayConfig) -> None:
    fund("trader", "100.00")
    withdrawal = ask("trader", "60.00", iban_of("trader"))
    assert (withdrawal.state, withdrawal.approvals_needed) == ("waiting", 1)
    assert (available("trader"), held("trader")) == ("40.00", 6000)
    approved = approve("owner", withdrawal)
    assert (approved.state, held("trader")) == ("sending", 6000)
    confirm("staff", withdrawal)
    assert (withdrawal.state, withdrawal.is_simulated) == ("paid", True)
    assert (available("trader"), held("trader")) == ("40.00", 0)
    steps = [(row["before"], row["after"]) for row in told("withdrawal_state_changed")]
    assert steps == [("", "waiting"), ("waiting", "sending"), ("sending", "paid")]
    with platform_context():
        payout = Payout.objects.defer(None).get(reference=str(withdrawal.pk))
    assert payout.destination_shown == "DE89 … 3000" and "370400" not in payout.destination


@pytest.mark.req("F45")
def test_a_payout_that_fails_gives_the_money_back(bank: PaymentGatewayConfig) -> None:
    fund("trader", "100.00")
    withdrawal = ask("trader", "60.00", iban_of("trader"))
    approve("owner", withdrawal)
    confirm("staff", withdrawal, happened=False)
    assert (withdrawal.state, withdrawal.reason) == ("failed", "not_received")
    assert (available("trader"), held("trader")) == ("100.00", 0)


@pytest.mark.req("F45", "S1-17")
def test_four_eyes_above_the_threshold(bank: PaymentGatewayConfig, settle: Callable[..., None]) -> None:
    settle(FOUR_EYES_ABOVE=eur("50").amount)
    fund("trader", "100.00")
    withdrawal = ask("trader", "60.00", iban_of("trader"))
    assert withdrawal.approvals_needed == 2
    assert approve("owner", withdrawal).state == "waiting"
    with pytest.raises(ConflictError) as twice:
        approve("owner", withdrawal)
    assert twice.value.code == "withdrawal.approved_twice"
    assert held("trader") == 6000
    assert approve("staff", withdrawal).state == "sending"
    assert [row["missing"] for row in told("withdrawal_approved")] == [1, 0]
    with pytest.raises(ConflictError) as late:
        services.reject_withdrawal(actor=acts("staff"), withdrawal_id=withdrawal.pk, reason="late")
    assert late.value.code == "withdrawal.decided"


def test_a_withdrawal_in_parts_needs_as_many_eyes(
    bank: PaymentGatewayConfig, settle: Callable[..., None]
) -> None:
    settle(APPROVAL_ABOVE=eur("20").amount, FOUR_EYES_ABOVE=eur("50").amount)
    fund("trader", "100.00")
    destination = iban_of("trader")
    parts = [ask("trader", "20.00", destination) for _part in range(3)]
    assert [part.approvals_needed for part in parts] == [0, 1, 2]
    services.cancel_withdrawal(actor=acts("trader"), withdrawal_id=parts[2].pk)
    assert ask("trader", "10.00", destination).approvals_needed == 1, "what was taken back counts no more"
    with transaction.atomic():
        Withdrawal.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert ask("trader", "20.00", destination).approvals_needed == 0


@pytest.mark.parametrize("change", [{"is_active": False}, {"capabilities": ["trader"]}], ids=["left", "lost"])
def test_who_has_lost_the_right_has_not_agreed(
    bank: PaymentGatewayConfig, settle: Callable[..., None], change: dict[str, Any]
) -> None:
    settle(FOUR_EYES_ABOVE=eur("50").amount)
    fund("trader", "100.00")
    withdrawal = ask("trader", "60.00", iban_of("trader"))
    approve("staff", withdrawal)
    member = member_of("staff")
    with transaction.atomic():
        Member.objects.filter(pk=member.pk).update(**change)
    assert approve("owner", withdrawal).state == "waiting"
    assert [row["missing"] for row in told("withdrawal_approved")] == [1, 1]
    with transaction.atomic():
        Member.objects.filter(pk=member_of("buyer").pk).update(capabilities=["tenant_admin"])
    assert approve("buyer", withdrawal).state == "sending"


@pytest.mark.req("F45")
def test_nobody_approves_their_own(bank: PaymentGatewayConfig, settle: Callable[..., None]) -> None:
    fund("owner", "100.00")
    withdrawal = ask("owner", "10.00", iban_of("owner"))
    with pytest.raises(ForbiddenError) as own:
        approve("owner", withdrawal)
    assert own.value.code == "withdrawal.own"
    for who, error in (("trader", NotFoundError), ("auditor", ForbiddenError)):
        with pytest.raises(error):
            approve(who, withdrawal)
    withdrawal.refresh_from_db()
    assert withdrawal.state == "waiting" and not withdrawal.decisions.exists()


@pytest.mark.req("F45")
def test_small_ones_may_go_by_themselves(bank: PaymentGatewayConfig, settle: Callable[..., None]) -> None:
    settle(APPROVAL_ABOVE=eur("20").amount)
    fund("trader", "100.00")
    destination = iban_of("trader")
    assert ask("trader", "20.00", destination).state == "sending"
    assert ask("trader", "20.01", destination).state == "waiting"


@pytest.mark.req("F45")
def test_rejecting_and_taking_back_release(bank: PaymentGatewayConfig) -> None:
    fund("trader", "100.00")
    destination = iban_of("trader")
    first, second = ask("trader", "60.00", destination), ask("trader", "40.00", destination)
    assert available("trader") == "0.00"
    with pytest.raises(DomainError) as why:
        services.reject_withdrawal(actor=acts("owner"), withdrawal_id=first.pk, reason="  ")
    assert why.value.field == "reason"
    rejected = services.reject_withdrawal(actor=acts("owner"), withdrawal_id=first.pk, reason="Who is it?")
    assert (rejected.state, rejected.reason, available("trader")) == ("rejected", "Who is it?", "60.00")
    with pytest.raises(NotFoundError):
        services.cancel_withdrawal(actor=acts("buyer"), withdrawal_id=second.pk)
    services.cancel_withdrawal(actor=acts("trader"), withdrawal_id=second.pk)
    assert (available("trader"), held("trader")) == ("100.00", 0)
    with pytest.raises(ConflictError):
        services.cancel_withdrawal(actor=acts("trader"), withdrawal_id=second.pk)
    assert available("trader") == "100.00"


@pytest.mark.req("F45", "S1-45")
def test_a_proof_of_identity_is_asked_for(bank: PaymentGatewayConfig) -> None:
    fund("trader", "100.00")
    destination = iban_of("trader")
    withdrawal = ask("trader", "10.00", destination)
    stale, owner = acts("trader"), acts("owner")
    with platform_context(), transaction.atomic():
        Session.objects.filter(pk__in=(stale.session_id, owner.session_id)).update(
            verified_at=timezone.now() - timedelta(hours=1)
        )
    add = {"kind": "crypto", "label": "", "address": BITCOIN}
    for attempt in (
        lambda: services.request_withdrawal(
            actor=stale, destination_id=destination.pk, money=eur("1"), key="k"
        ),
        lambda: services.add_destination(actor=stale, **add),
        lambda: services.remove_destination(actor=stale, destination_id=destination.pk),
        lambda: services.approve_withdrawal(actor=owner, withdrawal_id=withdrawal.pk),
        lambda: services.reject_withdrawal(actor=owner, withdrawal_id=withdrawal.pk, reason="no"),
    ):
        with pytest.raises(StepUpRequired):
            attempt()
    assert held("trader") == 1000


@pytest.mark.req("F45")
def test_a_new_destination_and_a_changed_account_cool_down(
    bank: PaymentGatewayConfig, person: Callable[[str], User]
) -> None:
    fund("trader", "100.00")
    with pytest.raises(ConflictError) as new:
        ask("trader", "10.00", iban_of("trader", cooled=False))
    assert new.value.code == "wallet.cooling_down" and new.value.details["until"]
    with transaction.atomic():
        PayoutDestination.objects.update(usable_from=timezone.now() - timedelta(days=1))
    destination = PayoutDestination.objects.get()
    asked_before = ask("trader", "10.00", destination)
    user = person("trader@acme")
    hour_ago = timezone.now() - timedelta(hours=1)
    for change in (
        {"password_updated": hour_ago},
        {"password_updated": None, "former_addresses": [["old@example.org", hour_ago.isoformat()]]},
    ):
        with platform_context(), transaction.atomic():
            joined = {"date_joined": timezone.now() - timedelta(days=30)}
            User.objects.filter(pk=user.pk).update(**joined, **change)
        with pytest.raises(ConflictError):
            ask("trader", "10.00", destination)
        with pytest.raises(ConflictError):  # also what was asked for before waits for the owner
            approve("owner", asked_before)
        with pytest.raises(ConflictError):
            services.send_transfer(
                actor=acts("trader"), recipient="buyer@acme.example.com", money=eur("1"), key=str(uuid4())
            )
    with platform_context(), transaction.atomic():
        day_ago = [["old@example.org", (timezone.now() - timedelta(hours=25)).isoformat()]]
        User.objects.filter(pk=user.pk).update(former_addresses=day_ago)
    assert approve("owner", asked_before).state == "sending"


@pytest.mark.req("F34")
def test_nobody_withdraws_in_somebody_elses_name(bank: PaymentGatewayConfig) -> None:
    fund("trader", "100.00")
    destination, actor = iban_of("trader"), acts("trader")
    with audit_context(impersonator_id=1), pytest.raises(ForbiddenError) as refused:
        services.request_withdrawal(actor=actor, destination_id=destination.pk, money=eur("1"), key="k")
    assert refused.value.code == "wallet.impersonated"


BAD: dict[str, tuple[dict[str, Any], type[DomainError], str]] = {
    "zero": ({"money": eur("0")}, DomainError, "wallet.not_positive"),
    "negative": ({"money": eur("-1")}, DomainError, "wallet.not_positive"),
    "too fine": ({"money": eur("1.001")}, DomainError, "wallet.too_fine"),
    "below the least": ({"money": eur("0.99")}, DomainError, "wallet.too_little"),
    "more than there is": ({"money": eur("100.01")}, UnprocessableError, "wallet.insufficient_funds"),
    "over the limit": ({"money": eur("5000.01")}, UnprocessableError, "wallet.over_limit"),
    "no such currency": ({"money": Money(eur("1").amount, "JPY")}, DomainError, "wallet.currency"),
    "not there": ({"money": Money(eur("1").amount, "BTC")}, DomainError, "wallet.wrong_currency"),
    "nothing of it": ({"money": Money(eur("2").amount, "USD")}, UnprocessableError, "wallet.insufficient_funds"),
    "no provider": ({"money": Money(eur("2").amount, "GBP")}, UnprocessableError, "wallet.insufficient_funds"),
    "nobody's": ({"destination_id": uuid4()}, NotFoundError, "destination.not_found"),
    "no key": ({"key": ""}, DomainError, "wallet.key"),
    "a key in Cyrillic": ({"key": "ключ"}, DomainError, "wallet.key"),
}  # fmt: skip


@pytest.mark.req("S1-16", "S1-17")
@pytest.mark.parametrize("name", BAD)
def test_bad_requests_are_clear_and_move_nothing(bank: PaymentGatewayConfig, name: str) -> None:
    changes, kind, code = BAD[name]
    fund("trader", "100.00")
    given = {"destination_id": iban_of("trader").pk, "money": eur("1"), "key": "k"} | changes
    with pytest.raises(kind) as error:
        services.request_withdrawal(actor=acts("trader"), **given)
    assert error.value.code == code and error.value.message.endswith(".")
    assert (available("trader"), held("trader")) == ("100.00", 0)
    assert not Withdrawal.objects.exists()


def test_without_a_provider_nothing_is_held(in_acme: Tenant) -> None:
    fund("trader", "100.00")
    with pytest.raises(UnavailableError):
        ask("trader", "10.00", iban_of("trader"))
    assert held("trader") == 0


@pytest.mark.req("S1-17")
def test_limits_count_what_is_under_way(bank: PaymentGatewayConfig, settle: Callable[..., None]) -> None:
    settle(WITHDRAWALS_A_DAY=eur("50").amount, WITHDRAWALS_A_MONTH=eur("80").amount)
    fund("trader", "1000.00")
    destination = iban_of("trader")
    first = ask("trader", "50.00", destination)
    with pytest.raises(UnprocessableError) as over:
        ask("trader", "1.00", destination)
    assert "0.00 are left" in over.value.message
    services.reject_withdrawal(actor=acts("owner"), withdrawal_id=first.pk, reason="no")
    second = ask("trader", "50.00", destination)
    with transaction.atomic():
        Withdrawal.objects.filter(pk=second.pk).update(created_at=timezone.now() - timedelta(days=2))
    with pytest.raises(UnprocessableError) as month:
        ask("trader", "30.01", destination)
    assert "30 days" in month.value.message
    assert ask("trader", "30.00", destination).state == "waiting"


@pytest.mark.req("S1-9", "S1-17")
def test_larger_sums_need_a_checked_identity(
    bank: PaymentGatewayConfig, settle: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(IDENTITY_ABOVE=eur("50").amount)
    fund("trader", "100.00")
    destination = iban_of("trader")
    ask("trader", "50.00", destination)
    with pytest.raises(ForbiddenError) as unknown:
        ask("trader", "1.00", destination)
    assert unknown.value.code == "wallet.identity_needed"
    monkeypatch.setattr(identity, "_checks", [lambda member: member.email.startswith("trader")])
    assert ask("trader", "1.00", destination).state == "waiting"


def test_compliance_says_whose_identity_was_checked(in_acme: Tenant) -> None:
    trader, today = member_of("trader"), timezone.now().date()
    assert not identity.is_known(trader)
    with transaction.atomic():
        IdentityCase.objects.create(
            member=trader,
            state="approved",
            document_kind="passport",
            details="sealed",
            document_expires_on=today,
            valid_until=today,
            provider="simulator",
        )
    assert identity.is_known(trader)


@pytest.mark.req("F45")
def test_the_same_key_is_one_withdrawal(bank: PaymentGatewayConfig) -> None:
    fund("trader", "100.00")
    destination = iban_of("trader")
    first = ask("trader", "60.00", destination, key="once")
    assert ask("trader", "60.00", destination, key="once").pk == first.pk
    with pytest.raises(UnprocessableError) as other:
        ask("trader", "61.00", destination, key="once")
    assert other.value.code == "idempotency.key_reused"
    assert held("trader") == 6000


@pytest.mark.req("S1-17")
def test_a_frozen_wallet_lets_nothing_out(bank: PaymentGatewayConfig) -> None:
    member_id = fund("trader", "100.00")
    destination = iban_of("trader")
    waiting = ask("trader", "10.00", destination)
    services.freeze_wallet(actor=acts("owner"), member_id=member_id, reason="Asked by the police")
    for attempt in (
        lambda: ask("trader", "10.00", destination),
        lambda: approve("owner", waiting),
        lambda: services.send_transfer(
            actor=acts("trader"), recipient=member_of("buyer").pk, money=eur("1"), key="t"
        ),
    ):
        with pytest.raises(ForbiddenError) as frozen:
            attempt()
        assert frozen.value.code == "wallet.frozen"
    with transaction.atomic(), pytest.raises(ForbiddenError):
        services.charge(member_id=member_id, money=eur("1"), key="c", kind="fee")
    with pytest.raises(ForbiddenError):
        services.freeze_wallet(actor=acts("trader"), member_id=member_id, reason="x")
    with pytest.raises(ConflictError):
        services.freeze_wallet(actor=acts("owner"), member_id=member_id, reason="again")
    services.unfreeze_wallet(actor=acts("staff"), member_id=member_id)
    assert approve("owner", waiting).state == "sending"


def test_nobody_opens_their_own_wallet(in_acme: Tenant) -> None:
    owner_id = member_of("owner").pk
    services.freeze_wallet(actor=acts("staff"), member_id=owner_id, reason="Odd")
    with pytest.raises(ConflictError) as own:
        services.unfreeze_wallet(actor=acts("owner"), member_id=owner_id)
    assert own.value.code == "wallet.own"


@pytest.mark.req("F45")
def test_a_removed_destination_is_not_paid(bank: PaymentGatewayConfig) -> None:
    fund("trader", "100.00")
    destination = iban_of("trader")
    waiting = ask("trader", "10.00", destination)
    services.remove_destination(actor=acts("trader"), destination_id=destination.pk)
    with pytest.raises(ConflictError) as gone:
        approve("owner", waiting)
    assert gone.value.code == "withdrawal.destination_gone"
    with pytest.raises(NotFoundError):
        ask("trader", "10.00", destination)
