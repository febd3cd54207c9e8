"""What counts of coins that came: too few, too many, too late. Pure; the choices are options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from typing import Final

from shared_apps.core.money import Money

COINS: Final = ("BTC", "LTC")
#: BTCPay's name of each number of confirmations.
SPEED: Final = {"0": "HighSpeed", "1": "MediumSpeed", "2": "LowMediumSpeed", "6": "LowSpeed"}
_WIDE: Final = Context(prec=80, rounding=ROUND_DOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``partial``: ``credit`` or ``refuse``. ``over``: ``credit`` or ``asked``. ``late``: ``credit``,
    ``same_currency`` (only where the price was in the coin itself) or ``refuse``."""

    partial: str = "credit"
    over: str = "credit"
    late: str = "same_currency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What an invoice has got: in its coin, with the state of each payment (Processing, Settled, Invalid)."""

    asked: Money
    due: Decimal
    paid: Decimal
    states: Sequence[str] = ()

    @property
    def is_final(self) -> bool:
        """Whether something came and every payment lies deep enough."""
        alive = [state for state in self.states if state != "Invalid"]
        return bool(alive) and all(state == "Settled" for state in alive)

    def money(self) -> Money:
        """What came, in the invoice's currency: in proportion, rounded down to its smallest unit."""
        if self.due <= 0 or self.paid == self.due:
            return self.asked
        share = _WIDE.divide(_WIDE.multiply(self.asked.amount, self.paid), self.due)
        return Money(_WIDE.quantize(share, Decimal(1).scaleb(-self.asked.digits)), self.asked.currency)


def judged(status: str, additional: str, received: Received, policy: Policy) -> tuple[str, Money, str]:
    """State, money and failure code of a payment from its invoice's two words. KeyError: an unknown word."""
    nothing = Money.zero(received.asked.currency)
    if status == "New":
        return "pending", nothing, ""
    if status == "Processing":
        return "processing", nothing, ""
    if status == "Settled":
        if additional != "Marked" and "Processing" in received.states:
            return "processing", nothing, ""  # enough is confirmed; what came besides may still be taken back
        return "succeeded", _counted(additional, received, policy), ""
    if status == "Invalid":
        # Marked by us or by the store's people: given up. Else the coins were spent elsewhere.
        return (
            ("cancelled", nothing, "cancelled")
            if additional == "Marked"
            else ("failed", nothing, "double_spent")
        )
    if status != "Expired":
        raise KeyError(status)
    if received.paid <= 0:
        return "cancelled", nothing, "expired"
    if not _late_counts(received, policy):
        return "failed", nothing, "paid_late" if received.paid >= received.due else "underpaid"
    if not received.is_final:
        return "processing", nothing, ""
    return "succeeded", _counted(additional, received, policy), ""


def _late_counts(received: Received, policy: Policy) -> bool:
    if received.paid < received.due:
        return policy.partial == "credit"
    return policy.late == "credit" or (policy.late == "same_currency" and received.asked.currency in COINS)


def _counted(additional: str, received: Received, policy: Policy) -> Money:
    if additional == "Marked":  # the store's people said that it is paid
        return received.asked
    money = received.money()
    if received.paid > received.due and policy.over == "asked":
        return received.asked
    return money
