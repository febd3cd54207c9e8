"""Issuing, paying and crediting invoices."""

from .credits import credit
from .issuing import issue, quote
from .payments import mark_paid

__all__ = ["credit", "issue", "mark_paid", "quote"]
