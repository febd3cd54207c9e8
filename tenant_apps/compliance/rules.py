"""Pure decisions about identity cases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

OPEN: Final = ("pending", "in_review")
#: A member has one case at most in these states.
STANDING: Final = (*OPEN, "approved")

TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "pending": frozenset({"in_review", "approved", "rejected", "withdrawn"}),
    "in_review": frozenset({"approved", "rejected", "withdrawn"}),
    "approved": frozenset({"expired", "rejected"}),
    "rejected": frozenset(),
    "expired": frozenset(),
    "withdrawn": frozenset(),
}


def may_follow(before: str, after: str) -> bool:
    """Whether a case may go from one state to the other."""
    return after in TRANSITIONS[before]


def age_on(day: date, born: date) -> int:
    """Completed years; somebody born on 29 February has the birthday on 1 March of other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def valid_until(today: date, lifetime: timedelta, document_expires_on: date) -> date:
    """Last day of an approval: neither longer than the lifetime nor than the document."""
    return min(today + lifetime, document_expires_on)


def has_expired(valid_until: date, today: date) -> bool:
    """Whether an approval's last day is over."""
    return today > valid_until


def details_fault(
    *,
    legal_name: str,
    born: date,
    country: str,
    document_number: str,
    document_expires_on: date,
    today: date,
    minimum_age: int,
) -> tuple[str, str] | None:
    """The field and the rule that it breaks, or None.

    Rules: ``name_length``, ``too_young``, ``birth_date``, ``country``, ``number``, ``document_expired``.
    """
    if not 2 <= len(legal_name) <= 200 or not legal_name.isprintable():
        return "legal_name", "name_length"
    if not 0 <= age_on(today, born) <= 130:
        return "birth_date", "birth_date"
    if age_on(today, born) < minimum_age:
        return "birth_date", "too_young"
    if len(country) != 2 or not country.isascii() or not country.isalpha() or not country.isupper():
        return "country", "country"
    if not 4 <= len(document_number) <= 40 or not document_number.isascii() or not document_number.isalnum():
        return "document_number", "number"
    if document_expires_on <= today:
        return "document_expires_on", "document_expired"
    return None


def documents_due(decided_at: datetime, retention: timedelta, now: datetime) -> bool:
    """Whether the documents of a case that ended are to be erased."""
    return now - decided_at >= retention
