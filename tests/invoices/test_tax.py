"""Which tax: the published examples of VAT ids, and the table of regimes."""

from __future__ import annotations

import pytest

from billing.invoices.rules.tax import BadVatId, Party, Regime, check_vat_id, known_vat_id, treatment

pytestmark = pytest.mark.req("F42")

#: Ids of well-known companies and of the tax offices' own examples.
VALID = {
    "AT": "ATU13585627", "BE": "BE0428759497", "DE": "DE136695976", "DK": "DK13585628", "ES": "ESB58378431",
    "FR": "FR83404833048", "GB": "980780684", "GR": "EL094259216", "IE": "IE6388047V", "IT": "IT00743110157",
    "LU": "LU15027442", "NL": "NL004495445B01", "PL": "PL8567346215", "SE": "SE556042722001", "SI": "SI50223054",
}  # fmt: skip


@pytest.mark.parametrize("country", sorted(VALID))
def test_a_right_id_is_taken_and_written_one_way(country: str) -> None:
    right = VALID[country]
    spaced = f" {right[:4]} {right[4:].lower()} "
    assert check_vat_id(country, spaced) == right


@pytest.mark.parametrize("country", sorted(VALID))
def test_one_wrong_digit_is_noticed(country: str) -> None:
    right = VALID[country]
    last = max(index for index, character in enumerate(right[:-3]) if character.isdigit())
    wrong = right[:last] + str((int(right[last]) + 1) % 10) + right[last + 1 :]
    with pytest.raises(BadVatId):
        check_vat_id(country, wrong)
    assert known_vat_id(country, wrong) == ""


@pytest.mark.parametrize("text", ["", "  ", "FR", "DE136695976" * 4, "FR83404833048\x00é"])
def test_what_is_no_id_at_all(text: str) -> None:
    with pytest.raises(BadVatId):
        check_vat_id("FR", text)


def test_an_id_of_another_country_is_none_of_this_one() -> None:
    with pytest.raises(BadVatId):
        check_vat_id("FR", "DE136695976")


def test_the_prefix_may_be_left_out() -> None:
    assert check_vat_id("DE", "136 695 976") == "DE136695976"


FR, DE, GR = Party("FR", VALID["FR"]), Party("DE", VALID["DE"]), Party("GR", VALID["GR"])


@pytest.mark.parametrize(
    ("seller", "buyer", "one_stop", "regime", "rate_of"),
    [
        (FR, Party("FR"), False, Regime.DOMESTIC, "FR"),
        (FR, Party("FR", VALID["FR"]), False, Regime.DOMESTIC, "FR"),
        (FR, Party(), False, Regime.DOMESTIC, "FR"),
        (FR, Party("DE"), False, Regime.DOMESTIC, "FR"),
        (FR, Party("DE"), True, Regime.ONE_STOP, "DE"),
        (FR, DE, False, Regime.REVERSE_CHARGE, ""),
        (FR, DE, True, Regime.REVERSE_CHARGE, ""),
        (GR, FR, False, Regime.REVERSE_CHARGE, ""),
        (FR, Party("US"), True, Regime.OUTSIDE, ""),
        (FR, Party("GB", VALID["GB"]), False, Regime.OUTSIDE, ""),
        (Party("CH", "CHE107787577IVA"), DE, False, Regime.OUTSIDE, ""),
        (Party("CH", "CHE107787577IVA"), Party("CH"), False, Regime.DOMESTIC, "CH"),
        (Party("FR"), Party("FR"), False, Regime.NOT_REGISTERED, ""),
        (Party("FR"), DE, False, Regime.NOT_REGISTERED, ""),
        (Party(), Party("FR"), False, Regime.NOT_REGISTERED, ""),
    ],
    ids=[
        "home", "home business", "unknown", "eu consumer", "eu consumer one-stop", "eu business",
        "eu business one-stop", "from greece", "abroad", "uk business", "from abroad", "abroad at home",
        "unregistered", "unregistered to business", "nobody said",
    ],
)  # fmt: skip
def test_the_regime(seller: Party, buyer: Party, one_stop: bool, regime: Regime, rate_of: str) -> None:
    found = treatment(seller, buyer, one_stop=one_stop)
    assert (found.regime, found.rate_of) == (regime, rate_of)
