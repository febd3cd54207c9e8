"""Issuing, paying and crediting invoices: steps, but for what the staff does by hand."""

from .commands import credit_invoice
from .credits import credit, credit_refund
from .issuing import issue, quote
from .payments import mark_paid

__all__ = ["credit", "credit_invoice", "credit_refund", "issue", "mark_paid", "quote"]
