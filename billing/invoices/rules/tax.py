"""Which tax an invoice carries: the place of the seller, the place of the buyer, and their VAT ids."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stdnum import exceptions, get_cc_module
from stdnum.eu import vat

EU: Final = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
     "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)  # fmt: skip
#: Greece writes its VAT ids with another code than its addresses.
_PREFIX: Final = {"GR": "EL"}
_LONGEST: Final = 30


class Regime(StrEnum):
    """Why an invoice has the tax that it has."""

    DOMESTIC = "domestic"
    """The seller's country's rate: buyers at home, and consumers elsewhere in the EU below the threshold."""
    ONE_STOP = "one_stop"
    """The buyer's country's rate: consumers elsewhere in the EU, by a seller in the one-stop shop."""
    REVERSE_CHARGE = "reverse_charge"
    """None: a business elsewhere in the EU owes it (directive 2006/112/EC, articles 44 and 196)."""
    OUTSIDE = "outside"
    """None: buyer and seller are not both in the EU, nor in one country."""
    NOT_REGISTERED = "not_registered"
    """None: the seller has no VAT id."""


class BadVatId(ValueError):
    """No VAT id of that country: its form or its check digits are wrong."""


@dataclass(frozen=True, slots=True)
class Party:
    """Where somebody is (two letters, empty: unknown) and the checked VAT id (empty: none)."""

    country: str = ""
    vat_id: str = ""


@dataclass(frozen=True, slots=True)
class Treatment:
    """The regime, and the country whose standard rate applies (empty: no tax)."""

    regime: Regime
    rate_of: str = ""


def check_vat_id(country: str, text: str) -> str:
    """A VAT id as it is written on invoices, for a country in two letters (``DE136695976``).

    Form and check digits are checked for the countries that python-stdnum knows; elsewhere anything of up
    to 30 letters and digits is one. Raises BadVatId.
    """
    bare = "".join(character for character in text.upper() if character.isalnum())
    if not bare or len(bare) > _LONGEST or not bare.isascii():
        raise BadVatId(text)
    try:
        if country in EU:
            prefix = _PREFIX.get(country, country)
            return vat.validate(bare if bare.startswith(prefix) else f"{prefix}{bare}")
        module = get_cc_module(country.lower(), "vat") if len(country) == 2 else None
        return bare if module is None else str(module.validate(bare))
    except exceptions.ValidationError:
        raise BadVatId(text) from None


def known_vat_id(country: str, text: str) -> str:
    """The VAT id if it is one, else empty: an invoice is never held up by it, nor freed of tax."""
    try:
        return check_vat_id(country, text) if text.strip() else ""
    except BadVatId:
        return ""


def treatment(seller: Party, buyer: Party, *, one_stop: bool) -> Treatment:
    """The regime between two parties. A buyer whose country is not known is treated as one at home."""
    if not seller.vat_id or not seller.country:
        return Treatment(Regime.NOT_REGISTERED)
    if buyer.country in ("", seller.country):
        return Treatment(Regime.DOMESTIC, seller.country)
    if seller.country not in EU or buyer.country not in EU:
        return Treatment(Regime.OUTSIDE)
    if buyer.vat_id:
        return Treatment(Regime.REVERSE_CHARGE)
    if one_stop:
        return Treatment(Regime.ONE_STOP, buyer.country)
    return Treatment(Regime.DOMESTIC, seller.country)
