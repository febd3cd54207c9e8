"""Reads of invoices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from .models import TaxRate


def standard_rate(country: str, on: date) -> Decimal | None:
    """The standard rate of a country on a day, in percent; None for a country without one."""
    rows = TaxRate.objects.filter(country=country, valid_from__lte=on).order_by("-valid_from")
    return rows.values_list("percent", flat=True).first()
