"""Payments as CSV, streamed: exact decimals, and no text that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator
from datetime import UTC
from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from shared_apps.core.plain import moment
from shared_apps.core.streaming import stream

from .models import Payment, money_of

_CHUNK: Final = 64 * 1024
_COLUMNS: Final = (
    "number", "created_at", "ended_at", "state", "purpose", "reference", "description", "provider",
    "simulated", "currency", "amount", "received", "refunded", "payer", "failure_code",
)  # fmt: skip


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (security.md)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def csv_chunks(rows: QuerySet[Payment]) -> Generator[str, None, None]:
    """Header and lines, in pieces of 64 KiB."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    for payment in rows.iterator(chunk_size=500):
        writer.writerow([harmless(str(cell)) for cell in _cells(payment)])
        if buffer.tell() >= _CHUNK:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _cells(payment: Payment) -> list[object]:
    units = (payment.minor_units, payment.received_minor_units, payment.refunded_minor_units)
    return [
        payment.label,
        moment(payment.created_at.astimezone(UTC)),
        moment(payment.ended_at.astimezone(UTC)) if payment.ended_at else "",
        payment.state,
        payment.purpose,
        payment.reference,
        payment.description,
        payment.provider,
        payment.is_simulated,
        payment.currency,
        *(f"{money_of(each, payment.currency).amount:f}" for each in units),
        payment.user_id or "",
        payment.failure_code,
    ]


def csv_response(request: HttpRequest, rows: QuerySet[Payment]) -> HttpResponseBase:
    """A streamed file."""
    return stream(
        request,
        csv_chunks(rows),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="payments.csv"',
            "Cache-Control": "no-store, private",
            "X-Content-Type-Options": "nosniff",
        },
    )
