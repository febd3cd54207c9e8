"""Where money may be paid out to: what an address must look like, and what of it people may see."""

from __future__ import annotations

import re
from typing import Final

from stdnum import iban
from stdnum.exceptions import InvalidChecksum, ValidationError

from . import bitcoin

IBAN: Final = "iban"
PAYPAL: Final = "paypal"
CRYPTO: Final = "crypto"
SBP: Final = "sbp"
KINDS: Final = (IBAN, PAYPAL, CRYPTO, SBP)
#: Currencies that each way pays out in; None: whatever the wallet has but crypto currencies.
CURRENCIES: Final[dict[str, frozenset[str] | None]] = {
    IBAN: None,
    PAYPAL: None,
    CRYPTO: frozenset({"BTC"}),
    SBP: frozenset({"RUB"}),
}
_NO_FIAT: Final = frozenset({"BTC", "ETH", "USDT", "USDC", "SOL", "XRP", "LTC", "XAU", "XAG"})
_EMAIL: Final = re.compile(r"[A-Z0-9._%+\-]{1,64}@[A-Z0-9](?:[A-Z0-9\-]*[A-Z0-9])?(?:\.[A-Z0-9\-]+)+", re.I)
_RUSSIAN_MOBILE: Final = re.compile(r"\+79[0-9]{9}")
#: A participant of the Faster Payments System: 1000 and its number.
_SBP_BANK: Final = re.compile(r"1000[0-9]{8}")


def pays_in(kind: str, currency: str) -> bool:
    """Whether a destination of a kind takes money of a currency."""
    allowed = CURRENCIES[kind]
    return currency not in _NO_FIAT if allowed is None else currency in allowed


def compact(kind: str, address: str) -> str:
    """An address as it is kept: without the blanks and signs that people put between."""
    text = address.strip()
    if kind == IBAN:
        return re.sub(r"[\s\-]", "", text).upper()
    if kind == PAYPAL:
        return text.lower()
    if kind == SBP:
        digits = re.sub(r"[\s()\-]", "", text)
        return "+7" + digits[1:] if re.fullmatch(r"8[0-9]{10}", digits) else digits
    return text.lower() if text[:3].upper() == "BC1" and text in (text.lower(), text.upper()) else text


def fault(kind: str, address: str, *, holder: str = "", bank: str = "") -> tuple[str, str] | None:
    """The field and the rule that it breaks, of what :func:`compact` gave; None when all is right.

    Rules: ``iban_checksum``, ``iban``, ``email``, ``crypto``, ``phone``, ``bank``, ``holder``.
    """
    if kind == IBAN:
        try:
            iban.validate(address)
        except InvalidChecksum:
            return "address", "iban_checksum"
        except ValidationError:
            return "address", "iban"
        if not 2 <= len(holder) <= 70 or not holder.isprintable():
            return "holder", "holder"
        return None
    if kind == PAYPAL:
        return None if len(address) <= 127 and _EMAIL.fullmatch(address) else ("address", "email")
    if kind == CRYPTO:
        return None if bitcoin.is_address(address) else ("address", "crypto")
    if not _RUSSIAN_MOBILE.fullmatch(address):
        return "address", "phone"
    return None if _SBP_BANK.fullmatch(bank) else ("bank", "bank")


def hint(kind: str, address: str) -> str:
    """As much of an address as tells it from others: its two ends."""
    if kind == PAYPAL:
        name, _at, domain = address.partition("@")
        return f"{name[:1]}…@{domain}"
    head = 5 if kind == CRYPTO else 4 if kind == IBAN else 2
    return f"{address[:head]} … {address[-4:]}"
