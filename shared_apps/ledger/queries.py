"""Reads of the ledger of the schema that we are in: balances, statements, and the recomputation of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from shared_apps.core.money import Money

from .models import LedgerAccount, Posting
from .rules import Balance, Leg

DEFAULT_LIMIT, MOST_LINES = 50, 500


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement of an account. ``seq`` is its place: ``before=line.seq`` asks for older ones."""

    seq: int
    at: datetime
    posting_id: UUID
    key: str
    kind: str
    reference: str
    memo: str
    asset: str
    minor_units: int
    balance_after: int

    @property
    def money(self) -> Money:
        return Money.of_minor(self.minor_units, self.asset)

    @property
    def running_balance(self) -> Money:
        return Money.of_minor(self.balance_after, self.asset)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the ledger contradicts itself: ``what`` of ``where`` says ``stored``, its parts ``computed``."""

    what: str
    where: str
    asset: str
    stored: int
    computed: int


def balances(code: str) -> dict[str, Balance]:
    """What an account has, by asset; empty before its first movement."""
    rows = LedgerAccount.objects.filter(code=code).order_by("asset")
    return {row.asset: Balance(row.asset, int(row.balance), int(row.held)) for row in rows}


def balance(code: str, asset: str) -> Balance:
    """What an account has in one asset; zero before its first movement."""
    row = LedgerAccount.objects.filter(code=code, asset=asset).values_list("balance", "held").first()
    return Balance(asset, *map(int, row)) if row else Balance(asset, 0, 0)


def find_posting(key: str) -> Posting | None:
    """The posting made for a key."""
    return Posting.objects.filter(key=key).first()


def legs_of(posting_id: UUID) -> list[Leg]:
    """What a posting moved, in the order of its legs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.code, a.asset, e.amount FROM ledger_entry e JOIN ledger_ledgeraccount a "
            "ON a.id = e.account_id WHERE e.posting_id = %s ORDER BY e.id",
            [posting_id],
        )
        return [Leg(code, asset, int(amount)) for code, asset, amount in cursor.fetchall()]


_STATEMENT = """
SELECT e.id, p.created_at, p.id, p.key, p.kind, p.reference, p.memo, a.asset, e.amount, e.balance_after
FROM ledger_ledgeraccount a
CROSS JOIN LATERAL (
  SELECT * FROM ledger_entry e WHERE e.account_id = a.id AND e.id < %(before)s
  ORDER BY e.id DESC LIMIT %(limit)s
) e
JOIN ledger_posting p ON p.id = e.posting_id
WHERE a.code = %(code)s AND (%(asset)s::text IS NULL OR a.asset = %(asset)s)
ORDER BY e.id DESC LIMIT %(limit)s"""


def statement(
    code: str, asset: str | None = None, before: int | None = None, limit: int = DEFAULT_LIMIT
) -> list[StatementLine]:
    """Movements of an account, newest first, each with the balance that it left; by keyset of ``seq``."""
    with connection.cursor() as cursor:
        cursor.execute(
            _STATEMENT,
            {
                "code": code,
                "asset": asset,
                "before": 2**63 - 1 if before is None else before,
                "limit": max(1, min(limit, MOST_LINES)),
            },
        )
        lines = cursor.fetchall()
    return [StatementLine(*(*rest, int(amount), int(after))) for *rest, amount, after in lines]


_MOVED_BY = """
SELECT p.key, a.code, a.asset, sum(e.amount) FROM ledger_posting p
JOIN ledger_entry e ON e.posting_id = p.id JOIN ledger_ledgeraccount a ON a.id = e.account_id
WHERE p.key = ANY(%s) AND starts_with(a.code, %s) GROUP BY p.key, a.code, a.asset"""
_MOVED_AFTER = """
SELECT e.id, p.key, a.code, a.asset, e.amount FROM ledger_entry e
JOIN ledger_posting p ON p.id = e.posting_id JOIN ledger_ledgeraccount a ON a.id = e.account_id
WHERE e.id > %s AND starts_with(a.code, %s) ORDER BY e.id LIMIT %s"""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a posting did to one account. ``seq`` is the entry's place, 0 for a posting's sum."""

    key: str
    code: str
    asset: str
    minor_units: int
    seq: int = 0


def moved_by(keys: Sequence[str], prefix: str) -> dict[str, list[Moved]]:
    """For those of the keys that were posted: what they did to accounts whose codes begin with ``prefix``."""
    found: dict[str, list[Moved]] = {
        key: [] for key in Posting.objects.filter(key__in=keys).values_list("key", flat=True)
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOVED_BY, [list(keys), prefix])
        for key, code, asset, total in cursor.fetchall():
            found.setdefault(key, []).append(Moved(key, code, asset, int(total)))
    return found


def moved_after(seq: int, prefix: str, limit: int) -> list[Moved]:
    """Entries after ``seq`` of accounts whose codes begin with ``prefix``, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVED_AFTER, [seq, prefix, limit])
        return [
            Moved(key, code, asset, int(amount), place)
            for place, key, code, asset, amount in cursor.fetchall()
        ]


def balances_of(prefix: str) -> list[tuple[str, Balance]]:
    """Code and balance of every account whose code begins with ``prefix``."""
    rows = LedgerAccount.objects.filter(code__startswith=prefix).order_by("code", "asset")
    return [(row.code, Balance(row.asset, int(row.balance), int(row.held))) for row in rows]


# Each finds nothing in a ledger that only its functions wrote. Full scans: for the nightly run.
_CHECKS = {
    "balance": """
SELECT a.code, a.asset, a.balance, coalesce(e.total, 0) FROM ledger_ledgeraccount a
LEFT JOIN (SELECT account_id, sum(amount) AS total FROM ledger_entry GROUP BY account_id) e
ON e.account_id = a.id
WHERE a.balance <> coalesce(e.total, 0) ORDER BY a.id""",
    "held": """
SELECT a.code, a.asset, a.held, coalesce(h.total, 0) FROM ledger_ledgeraccount a
LEFT JOIN (SELECT account_id, sum(amount) AS total FROM ledger_hold WHERE state = 'active'
           GROUP BY account_id) h
ON h.account_id = a.id WHERE a.held <> coalesce(h.total, 0) ORDER BY a.id""",
    "posting": """
SELECT p.key, coalesce(e.asset, ''), 0, coalesce(e.total, 0) FROM ledger_posting p
LEFT JOIN (SELECT e.posting_id, a.asset, sum(e.amount) AS total FROM ledger_entry e
           JOIN ledger_ledgeraccount a ON a.id = e.account_id GROUP BY e.posting_id, a.asset) e
ON e.posting_id = p.id WHERE e.total IS DISTINCT FROM 0 ORDER BY p.id""",
    "running_balance": """
SELECT a.code, a.asset, e.balance_after, e.so_far FROM (
  SELECT id, account_id, balance_after,
    sum(amount) OVER (PARTITION BY account_id ORDER BY id) AS so_far FROM ledger_entry
) e JOIN ledger_ledgeraccount a ON a.id = e.account_id
WHERE e.balance_after <> e.so_far ORDER BY e.id LIMIT 1000""",
}


def recompute() -> list[Difference]:
    """Every place where stored balances, holds and sums are not those of the entries; empty when all is well.

    ``balance`` and ``held`` of an account, the sum of a ``posting`` (also one without entries), the
    ``running_balance`` of an entry.
    """
    found: list[Difference] = []
    with connection.cursor() as cursor:
        for what, query in _CHECKS.items():
            cursor.execute(query)
            found += [
                Difference(what, where, asset, int(stored), int(computed))
                for where, asset, stored, computed in cursor.fetchall()
            ]
    return found


def totals() -> dict[str, int]:
    """The sum of all balances, by asset: zero in each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT asset, sum(balance) FROM ledger_ledgeraccount GROUP BY asset ORDER BY asset")
        return {asset: int(total) for asset, total in cursor.fetchall()}
