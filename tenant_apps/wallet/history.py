"""What happened in a wallet: the ledger's entries with running balances, by place and not by page number."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.core.errors import DomainError
from shared_apps.core.money import Money
from shared_apps.ledger import codes
from shared_apps.ledger.models import Entry

from .models import Transfer

#: Lines that are read at once for an export.
_PIECE: Final = 1_000
_CHUNK: Final = 64 * 1024
_TRANSFER: Final = "transfer:"
#: What a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")

_KINDS: dict[str, str | Promise] = {
    "deposit": gettext_lazy("Deposit"),
    "deposit_refund": gettext_lazy("Deposit refunded"),
    "deposit_dispute": gettext_lazy("Deposit disputed"),
    "deposit_late_failure": gettext_lazy("Deposit failed later"),
    "deposit_refund_failed": gettext_lazy("Refund came back"),
    "deposit_dispute_won": gettext_lazy("Dispute won"),
    "debt_settled": gettext_lazy("Debt paid"),
    "withdrawal": gettext_lazy("Withdrawal"),
    "withdrawal_returned": gettext_lazy("Withdrawal came back"),
    "transfer": gettext_lazy("Transfer"),
}


def register_kind(kind: str, label: str | Promise) -> None:
    """Say what people read for a kind of posting; apps above do so in ``ready()``."""
    _KINDS[kind] = label


def kinds() -> list[tuple[str, str]]:
    """All kinds with their words."""
    return [(kind, str(label)) for kind, label in _KINDS.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What to look for; empty means everything. ``since`` is included, ``until`` is not."""

    currency: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One movement of a wallet. ``seq`` is its place: older ones stand before it."""

    seq: int
    at: datetime
    kind: str
    reference: str
    memo: str
    currency: str
    units: int
    balance_after: int

    @property
    def label(self) -> str:
        """What people read for its kind."""
        return str(_KINDS.get(self.kind, self.kind.replace("_", " ").capitalize()))

    @property
    def money(self) -> Money:
        """What it moved; negative went out."""
        return Money.of_minor(self.units, self.currency)

    @property
    def amount(self) -> Decimal:
        """The same as a decimal."""
        return self.money.amount

    @property
    def balance(self) -> Money:
        """What the wallet had after it."""
        return Money.of_minor(self.balance_after, self.currency)


@dataclass(frozen=True, slots=True)
class Summary:
    """A period of one currency in smallest units: what there was, came, went and was left."""

    currency: str
    opening: int
    incoming: int
    outgoing: int
    closing: int
    count: int

    def money(self, units: int) -> Money:
        """One of its figures as an amount."""
        return Money.of_minor(units, self.currency)


def _entries(member_id: UUID, filters: Filters) -> QuerySet[Entry]:
    rows = Entry.objects.filter(account__code=codes.member(member_id))
    conditions = Q()
    if filters.currency:
        conditions &= Q(account__asset=filters.currency)
    if filters.kind:
        conditions &= Q(posting__kind=filters.kind)
    if filters.since is not None:
        conditions &= Q(posting__created_at__gte=filters.since)
    if filters.until is not None:
        conditions &= Q(posting__created_at__lt=filters.until)
    return rows.filter(conditions)


def count(member_id: UUID, filters: Filters) -> int:
    """How many lines there are."""
    return _entries(member_id, filters).count()


def lines(member_id: UUID, filters: Filters, *, before: int | None = None, limit: int = 50) -> list[Line]:
    """A wallet's movements, the newest first; ``before`` is the ``seq`` of the last line that was read."""
    rows = _entries(member_id, filters)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = rows.order_by("-pk").values_list(
        "pk", "posting__created_at", "posting__kind", "posting__reference", "posting__memo",
        "account__asset", "amount", "balance_after",
    )[:limit]  # fmt: skip
    return _explained(member_id, [Line(*row[:6], int(row[6]), int(row[7])) for row in found])


def _explained(member_id: UUID, found: list[Line]) -> list[Line]:
    """Transfers say with whom, and why: that may be forgotten later, so it does not stand in the ledger."""
    ours = {line.reference.removeprefix(_TRANSFER) for line in found if line.reference.startswith(_TRANSFER)}
    rows = Transfer.objects.filter(pk__in=ours).select_related("sender") if ours else ()
    texts = {}
    for row in rows:
        with_whom = row.recipient_as if row.sender_id == member_id else row.sender.name
        texts[f"{_TRANSFER}{row.pk}"] = f"{with_whom}: {row.note}" if row.note else with_whom
    return [replace(line, memo=texts.get(line.reference, line.memo)) for line in found]


def all_lines(member_id: UUID, filters: Filters) -> Iterator[Line]:
    """Every line, the newest first, read in pieces."""
    before: int | None = None
    while piece := lines(member_id, filters, before=before, limit=_PIECE):
        yield from piece
        before = piece[-1].seq
        if len(piece) < _PIECE:
            return


def summaries(member_id: UUID, since: datetime, until: datetime) -> list[Summary]:
    """What a period came to, for every currency that the wallet has had; the sums are the ledger's own."""
    rows = Entry.objects.filter(account__code=codes.member(member_id), posting__created_at__lt=until)
    inside = Q(posting__created_at__gte=since)
    sums = (
        rows.order_by()
        .values("account__asset")
        .annotate(
            closing=Sum("amount"),
            opening=Sum("amount", filter=~inside),
            incoming=Sum("amount", filter=inside & Q(amount__gt=0)),
            outgoing=Sum("amount", filter=inside & Q(amount__lt=0)),
            count=Count("pk", filter=inside),
        )
        .order_by("account__asset")
    )
    return [
        Summary(
            currency=row["account__asset"],
            opening=int(row["opening"] or 0),
            incoming=int(row["incoming"] or 0),
            outgoing=int(row["outgoing"] or 0),
            closing=int(row["closing"] or 0),
            count=row["count"],
        )
        for row in sums
    ]


def month_bounds(text: str) -> tuple[datetime, datetime]:
    """Beginning and end of ``"2026-11"`` in UTC. Raises DomainError (field ``month``)."""
    try:
        first = date.fromisoformat(f"{text}-01")
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except ValueError:
        raise DomainError("wallet.month", _("A month looks like 2026-11."), field="month") from None
    begin, end = (datetime.combine(day, time.min, tzinfo=UTC) for day in (first, following))
    return begin, end


def csv_chunks(member_id: UUID, filters: Filters) -> Generator[str, None, None]:
    """The lines as CSV (RFC 4180), in chunks: exact decimals, and no text that a spreadsheet would run."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["time", "kind", "currency", "amount", "balance", "reference", "memo"])
    for line in all_lines(member_id, filters):
        writer.writerow(
            [
                line.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
                line.kind,
                line.currency,
                exact(line.units, line.currency),
                exact(line.balance_after, line.currency),
                harmless(line.reference),
                harmless(line.memo),
            ]
        )
        if buffer.tell() >= _CHUNK:
            yield _drained(buffer)
    yield _drained(buffer)


def _drained(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def exact(units: int, currency: str) -> str:
    """An amount with all digits of its currency and no exponent."""
    return f"{Money.of_minor(units, currency).amount:f}"


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
