"""Pure decisions about payments, refunds, payouts and disputes.

Each kind has states with a rank. What a provider shows us may arrive late, twice and in any order, so a state
only ever follows one of lower rank, and only where the table allows it: everything else changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

#: Which states may follow which. A late success after a failure is real money and counts; a refund or a
#: payout that came back after it had been settled is a failure told late.
PAYMENT: Final[Mapping[str, frozenset[str]]] = {
    "created": frozenset({"sending", "pending", "processing", "succeeded", "failed", "cancelled"}),
    "sending": frozenset({"pending", "processing", "succeeded", "failed", "cancelled"}),
    "pending": frozenset({"processing", "succeeded", "failed", "cancelled"}),
    "processing": frozenset({"succeeded", "failed", "cancelled"}),
    "failed": frozenset({"succeeded"}),
    "cancelled": frozenset({"succeeded"}),
    "succeeded": frozenset(),
}
REFUND: Final[Mapping[str, frozenset[str]]] = {
    "created": frozenset({"sending", "pending", "succeeded", "failed"}),
    "sending": frozenset({"pending", "succeeded", "failed"}),
    "pending": frozenset({"succeeded", "failed"}),
    "succeeded": frozenset({"failed"}),
    "failed": frozenset(),
}
PAYOUT: Final[Mapping[str, frozenset[str]]] = {
    "created": frozenset({"sending", "pending", "settled", "failed"}),
    "sending": frozenset({"pending", "settled", "failed"}),
    "pending": frozenset({"settled", "failed"}),
    "settled": frozenset({"failed"}),
    "failed": frozenset(),
}
DISPUTE: Final[Mapping[str, frozenset[str]]] = {
    "needs_response": frozenset({"under_review", "won", "lost"}),
    "under_review": frozenset({"won", "lost"}),
    "won": frozenset(),
    "lost": frozenset(),
}
MACHINES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "payment": PAYMENT,
    "refund": REFUND,
    "payout": PAYOUT,
    "dispute": DISPUTE,
}

#: States in which something may still come: what the hourly poll asks about.
OPEN_PAYMENT: Final = ("sending", "pending", "processing")
OPEN_REFUND: Final = ("created", "sending", "pending")
OPEN_PAYOUT: Final = ("created", "sending", "pending")
OPEN_DISPUTE: Final = ("needs_response", "under_review")
#: A payer whose payment ended thus may try again, as a new attempt with a key of its own.
REPEATABLE: Final = ("failed", "cancelled")

#: Purposes for which the amount that arrived counts, whatever was asked for.
ANY_AMOUNT: Final = ("deposit",)

MAX_WEBHOOK_AGE: Final = timedelta(minutes=5)
_FIRST_WAIT: Final = timedelta(seconds=15)
_LONGEST_WAIT: Final = timedelta(hours=1)


def may_follow(kind: str, before: str, after: str) -> bool:
    """Whether something of a kind may go from one state to the other."""
    return after in MACHINES[kind][before]


def settled_state(kind: str, before: str, seen: str) -> str:
    """The state after a provider showed ``seen``: the same one where that is old news."""
    return seen if may_follow(kind, before, seen) else before


def retry_wait(attempts: int) -> timedelta:
    """How long to wait after ``attempts`` that came to nothing: doubling, an hour at most."""
    doublings = min(max(attempts - 1, 0), 20)
    return min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)


def is_stale(said_at: datetime, now: datetime) -> bool:
    """Whether a signed notification is too old, or from the future by as much."""
    return abs(now - said_at) > MAX_WEBHOOK_AGE


def refund_fault(*, paid: int, refunded: int, wanted: int) -> str | None:
    """Why a refund cannot be made (``not_positive``, ``too_much``), or None. Minor units."""
    if wanted <= 0:
        return "not_positive"
    if refunded + wanted > paid:
        return "too_much"
    return None


def amount_fault(*, purpose: str, asked: int, received: int) -> str | None:
    """What is wrong with the amount of a payment that a provider calls paid: ``underpaid``, ``overpaid``."""
    if received <= 0:
        return "underpaid"
    if purpose in ANY_AMOUNT or received == asked:
        return None
    return "underpaid" if received < asked else "overpaid"


def ledger_key(provider: str, reference: str, transition: str) -> str:
    """The key under which a ledger books a transition: the same however often it is told."""
    return f"{provider}:{reference}:{transition}"


#: Letters and digits that are not taken for one another when read aloud.
REFERENCE_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def creditor_reference(body: str) -> str:
    """A reference for bank transfers with its check digits (ISO 11649): ``RF18`` and the body."""
    digits = "".join(str(int(letter, 36)) for letter in f"{body}RF00")
    return f"RF{98 - int(digits) % 97:02d}{body}"


def in_groups(text: str) -> str:
    """A long number in groups of four, as banks print it."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
