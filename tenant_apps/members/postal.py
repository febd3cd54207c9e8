"""Pure rules about postal addresses and businesses: what a country's codes and numbers look like."""

from __future__ import annotations

import re
from typing import Final

#: Postal codes of countries where parcels come back without a right one (Universal Postal Union).
_POSTAL_CODES: Final = {
    "DE": r"[0-9]{5}", "ES": r"[0-9]{5}", "FR": r"[0-9]{5}", "IT": r"[0-9]{5}", "RU": r"[0-9]{6}",
    "US": r"[0-9]{5}(?:-[0-9]{4})?", "CH": r"[0-9]{4}", "AT": r"[0-9]{4}", "BE": r"[0-9]{4}",
    "NL": r"[0-9]{4} ?[A-Z]{2}", "GB": r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}", "PL": r"[0-9]{2}-[0-9]{3}",
}  # fmt: skip
_ANY_CODE: Final = r"[A-Z0-9](?:[A-Z0-9 \-]{0,18}[A-Z0-9])?"
_VAT: Final = r"[A-Z]{2}[A-Z0-9+*]{2,12}"


def postal_code_holds(country: str, code: str) -> bool:
    """Whether a postal code can be one of that country; none at all may be right where we know no form."""
    if not code:
        return country not in _POSTAL_CODES
    return re.fullmatch(_POSTAL_CODES.get(country, _ANY_CODE), code) is not None


def vat_number_holds(number: str) -> bool:
    """Whether a text can be a VAT number: the country's letters, then up to twelve signs."""
    return re.fullmatch(_VAT, number) is not None


def registration_number_holds(country: str, number: str) -> bool:
    """Whether a text can be a business's number; a French SIRET has fourteen digits whose sum is right."""
    if country != "FR":
        return bool(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ./\-]{1,38}", number))
    digits = number.replace(" ", "")
    return bool(re.fullmatch(r"[0-9]{14}", digits)) and _luhn(digits)


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
