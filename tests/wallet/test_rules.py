"""Pure rules: states, addresses, limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.core.money import Money
from tenant_apps.wallet.rules import bitcoin, deposits, destinations, limits, withdrawals
from tenant_apps.wallet.rules.withdrawals import State, Step

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ANN, BEN, CLEO = (UUID(int=number) for number in (1, 2, 3))


@pytest.mark.req("S1-16", "F45")
@given(st.lists(st.sampled_from(list(State)), max_size=12), st.integers(1, 10**30))
def test_money_of_a_withdrawal_is_in_one_place(wanted: list[State], units: int) -> None:
    """Whatever is tried in whatever order: held, gone or back, and never twice."""
    state, available, reserved, outside = State.WAITING, 0, units, 0
    for after in wanted:
        if not withdrawals.may_follow(state, after):
            continue
        state, step = after, withdrawals.STEPS[after]
        if step is Step.RELEASE:
            available, reserved = available + units, reserved - units
        elif step is Step.CAPTURE:
            outside, reserved = outside + units, reserved - units
        elif step is Step.GIVE_BACK:
            available, outside = available + units, outside - units
        assert sorted((available, reserved, outside)) == [0, 0, units]
    assert (reserved == units) == (state in withdrawals.OPEN)
    assert (outside == units) == (state == State.PAID)


@given(st.sampled_from(list(State)), st.sampled_from(list(State)))
def test_a_state_that_is_left_is_never_entered_again(before: State, after: State) -> None:
    assert not (withdrawals.may_follow(before, after) and withdrawals.may_follow(after, before))


@pytest.mark.req("F45")
@given(st.decimals(0, 10**9, places=2), st.decimals(0, 10**9, places=2), st.decimals(0, 10**9, places=2))
def test_more_money_never_needs_fewer_eyes(value: Decimal, more: Decimal, border: Decimal) -> None:
    borders = {"approval_above": min(border, Decimal(1000)), "four_eyes_above": max(border, Decimal(1000))}
    assert withdrawals.approvals_needed(value, **borders) <= withdrawals.approvals_needed(
        value + more, **borders
    )
    assert withdrawals.approvals_needed(borders["four_eyes_above"] + 1, **borders) == 2


@pytest.mark.req("F45")
@pytest.mark.parametrize(
    ("state", "approver", "approved_by", "fault"),
    [
        ("waiting", BEN, (), None),
        ("waiting", CLEO, (BEN,), None),
        ("waiting", BEN, (BEN,), "twice"),
        ("waiting", ANN, (), "own"),
        ("waiting", None, (), "no_member"),
        ("sending", BEN, (), "decided"),
        ("rejected", BEN, (), "decided"),
    ],
)  # fmt: skip
def test_who_may_decide(
    state: str, approver: UUID | None, approved_by: tuple[UUID, ...], fault: str | None
) -> None:
    assert (
        withdrawals.decision_fault(state=state, owner=ANN, approver=approver, approved_by=approved_by)
        == fault
    )


def test_the_latest_reason_to_wait_counts() -> None:
    soon, later = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    assert withdrawals.cooling_until(soon, None, later, now=NOW) == later
    assert withdrawals.cooling_until(NOW, NOW - timedelta(days=1), None, now=NOW) is None


@pytest.mark.req("S1-15")
@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_what_may_leave_and_what_pays_a_debt(available: int, other: int) -> None:
    assert 0 <= deposits.withdrawable(available, other) <= available
    paid = deposits.to_settle(available, other)
    assert 0 <= paid <= min(available, other) and paid == min(available, other)


def test_a_deposit_may_come_late_and_go_back() -> None:
    assert deposits.may_follow("failed", "succeeded") and not deposits.may_follow("failed", "returned")
    assert deposits.state_after_return(100, 99) == "succeeded"
    assert deposits.state_after_return(100, 100) == "returned"
    assert deposits.withdrawable_from(NOW, timedelta(days=3), True) == NOW + timedelta(days=3)
    assert deposits.withdrawable_from(NOW, timedelta(days=3), False) == NOW


ADDRESSES = [  # BIP 173, BIP 350 and the chain itself
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
]
NO_ADDRESSES = [
    "", "bc1", "1", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",  # no digit of the alphabet
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",  # Bech32 where Bech32m belongs
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",  # a program of 16 bytes in version 0
    "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3t4",  # both cases
    "bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du",  # version 2 with a Bech32 checksum
]  # fmt: skip


@pytest.mark.req("S2-24")
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_bitcoin_address(address: str) -> None:
    assert bitcoin.is_address(address)


@pytest.mark.req("S2-24")
@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_no_bitcoin_address(address: str) -> None:
    assert not bitcoin.is_address(address)


@given(st.sampled_from(ADDRESSES), st.integers(4, 200), st.sampled_from("023456789acdefghjklmnpqrstuvwxyz"))
def test_one_wrong_sign_is_noticed(address: str, place: int, sign: str) -> None:
    place = 4 + place % (len(address) - 4)
    sign = sign.upper() if address.isupper() else sign
    changed = address[:place] + sign + address[place + 1 :]
    assert changed == address or not bitcoin.is_address(changed)


@pytest.mark.req("S1-16")
@pytest.mark.parametrize(
    ("kind", "typed", "more", "fault"),
    [
        ("iban", "de89 3704 0044 0532 0130 00", {"holder": "Ann"}, None),
        ("iban", "FR14 2004 1010 0505 0001 3M02 606", {"holder": "Ann"}, None),
        ("iban", "DE89370400440532013001", {"holder": "Ann"}, ("address", "iban_checksum")),
        ("iban", "DE8937040044053201300", {"holder": "Ann"}, ("address", "iban_checksum")),
        ("iban", "GB33BUKB20201555555", {"holder": "Ann"}, ("address", "iban")),
        ("iban", "DE89370400440532013000", {"holder": " "}, ("holder", "holder")),
        ("paypal", "Ann@Example.org", {}, None),
        ("paypal", "ann@example", {}, ("address", "email")),
        ("paypal", "=cmd|'/c calc'!A0@x.org", {}, ("address", "email")),
        ("crypto", ADDRESSES[2], {}, None),
        ("crypto", NO_ADDRESSES[3], {}, ("address", "crypto")),
        ("sbp", "8 (916) 123-45-67", {"bank": "100000000111"}, None),
        ("sbp", "+7 916 123 45 67", {"bank": "100000000111"}, None),
        ("sbp", "+33 6 12 34 56 78", {"bank": "100000000111"}, ("address", "phone")),
        ("sbp", "+79161234567", {"bank": "1"}, ("bank", "bank")),
    ],
)  # fmt: skip
def test_a_destination(kind: str, typed: str, more: dict[str, str], fault: tuple[str, str] | None) -> None:
    address = destinations.compact(kind, typed)
    assert destinations.fault(kind, address, **{name: text.strip() for name, text in more.items()}) == fault
    assert destinations.compact(kind, address) == address


@pytest.mark.parametrize(
    ("kind", "address", "shown"),
    [
        ("iban", "DE89370400440532013000", "DE89 … 3000"),
        ("paypal", "ann@example.org", "a…@example.org"),
        ("crypto", ADDRESSES[0], "1BvBM … NVN2"),
        ("sbp", "+79161234567", "+7 … 4567"),
    ],
)
def test_a_hint_hides_the_middle(kind: str, address: str, shown: str) -> None:
    assert destinations.hint(kind, address) == shown


def test_currencies_of_destinations() -> None:
    assert destinations.pays_in("crypto", "BTC") and not destinations.pays_in("crypto", "EUR")
    assert destinations.pays_in("iban", "EUR") and not destinations.pays_in("iban", "BTC")
    assert destinations.pays_in("sbp", "RUB") and not destinations.pays_in("sbp", "EUR")


@pytest.mark.req("S1-17")
def test_limits_count_in_one_unit() -> None:
    weights = limits.read_weights("EUR 1, BTC 60000 , JPY 0.006")
    assert limits.value_of(Money(Decimal("0.5"), "BTC"), weights) == 30000
    assert limits.value_of(Money(Decimal("100"), "JPY"), weights) == Decimal("0.6")
    assert limits.exceeds(Decimal(90), Decimal("10.01"), Decimal(100))
    assert not limits.exceeds(Decimal(90), Decimal(10), Decimal(100))


@pytest.mark.parametrize("text", ["", "EUR", "EUR 0", "EUR 1, EUR 2", "XYZ 1", "EUR 1e3", "EUR -1", "EUR 1,"])
def test_a_table_that_cannot_be_read(text: str) -> None:
    with pytest.raises(limits.WeightsError):
        limits.read_weights(text)
