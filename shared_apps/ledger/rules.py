"""What a posting must look like: pure decisions, which the database's function makes again by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shared_apps.core.errors import DomainError
from shared_apps.core.money import MINOR_DIGITS, Money

#: Digits of ``numeric(38,0)``.
MOST_DIGITS = 38
MAX_CODE, MAX_KEY, MAX_KIND, MAX_REFERENCE, MAX_MEMO = 200, 200, 50, 200, 500


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a posting: ``minor_units`` of ``asset`` raise (negative: lower) an account's balance."""

    code: str
    asset: str
    minor_units: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has, in minor units: ``held`` is reserved, ``available`` may be spent."""

    asset: str
    balance: int
    held: int

    @property
    def available(self) -> int:
        return self.balance - self.held

    def as_money(self) -> Money:
        """The balance as money."""
        return Money.of_minor(self.balance, self.asset)

    def available_money(self) -> Money:
        """What may be spent as money."""
        return Money.of_minor(self.available, self.asset)


def check_amount(minor_units: int) -> None:
    """Raise DomainError unless an amount is a whole number that the ledger can hold."""
    # bool is an int, and a float or a Decimal would be rounded by somebody later.
    if type(minor_units) is not int or len(str(abs(minor_units))) > MOST_DIGITS:
        raise DomainError(
            "ledger.bad_amount", f"{minor_units!r} is no whole number of minor units.", field="minor_units"
        )


def check_asset(asset: str) -> None:
    """Raise DomainError for a currency that nobody declared (core.money)."""
    if asset not in MINOR_DIGITS:
        raise DomainError("ledger.unknown_asset", f"{asset!r} is no known currency.", field="asset")


def check_text(field: str, text: str, limit: int, *, required: bool = True) -> None:
    """Raise DomainError for a text that is missing or longer than its column."""
    if (required and not text) or len(text) > limit:
        raise DomainError(
            f"ledger.bad_{field}", f"{field} must have 1 to {limit} characters, not {len(text)}.", field=field
        )


def check_legs(legs: Sequence[Leg]) -> None:
    """Raise DomainError unless the legs are whole, none is zero, and each asset sums to zero."""
    sums: dict[str, int] = defaultdict(int)
    for leg in legs:
        check_text("code", leg.code, MAX_CODE)
        check_asset(leg.asset)
        check_amount(leg.minor_units)
        if leg.minor_units == 0:
            raise DomainError("ledger.bad_amount", "A leg of zero moves nothing.", field="minor_units")
        sums[leg.asset] += leg.minor_units
    if not legs:
        raise DomainError("ledger.unbalanced", "A posting needs legs.", field="legs")
    for asset, total in sums.items():
        if total:
            raise DomainError(
                "ledger.unbalanced", f"The legs in {asset} sum to {total}, not to zero.", field="legs"
            )
