"""One-time passwords against the vectors of their RFCs; recovery codes."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.factors import rules
from shared_apps.factors.site import rp_id_of

SECRET = b"12345678901234567890"
TEXT = base64.b32encode(SECRET).decode()


@pytest.mark.req("F25")
@pytest.mark.parametrize(
    ("counter", "code"),
    list(enumerate(["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"])),
)  # fmt: skip
def test_rfc_4226_appendix_d(counter: int, code: str) -> None:
    assert rules.hotp(SECRET, counter) == code


@pytest.mark.req("F25")
@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
     (2000000000, "279037"), (20000000000, "353130")],
)  # fmt: skip
def test_rfc_6238_appendix_b(now: int, code: str) -> None:
    """Their eight digits, cut to the last six."""
    assert rules.matching_counter(TEXT, code, now=now, after=-1) == now // 30


def test_one_period_of_a_wrong_clock_is_forgiven_and_no_code_counts_twice() -> None:
    now = 1_000_000 * 30 + 15
    for ahead in (-1, 0, 1):
        code = rules.hotp(SECRET, 1_000_000 + ahead)
        assert rules.matching_counter(TEXT, code, now=now, after=-1) == 1_000_000 + ahead
        assert rules.matching_counter(TEXT, code, now=now, after=1_000_000 + ahead) is None
    for ahead in (-2, 2):
        assert rules.matching_counter(TEXT, rules.hotp(SECRET, 1_000_000 + ahead), now=now, after=-1) is None


@given(st.binary(min_size=10, max_size=10))
def test_recovery_codes_read_back_however_they_are_typed(entropy: bytes) -> None:
    code = rules.recovery_code(entropy)
    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
    assert rules.recovery_hash(f" {code.upper().replace('-', ' ')} ") == rules.recovery_hash(code)
    assert not rules.is_totp(rules.plain_code(code))


@pytest.mark.parametrize(
    ("host", "base", "rp_id"),
    [
        ("acme.tradehall.test", "tradehall.test", "tradehall.test"),
        ("tradehall.test", "tradehall.test", "tradehall.test"),
        ("eviltradehall.test", "tradehall.test", "eviltradehall.test"),
        ("club.example.org", "tradehall.test", "club.example.org"),
        ("acme.localhost", "localhost", "acme.localhost"),
    ],
)
def test_the_relying_party_of_a_host(host: str, base: str, rp_id: str) -> None:
    assert rp_id_of(host, base) == rp_id
