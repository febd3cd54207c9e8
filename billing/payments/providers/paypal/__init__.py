"""PayPal: orders that the payer approves there, a saved account, refunds, payouts, disputes."""

from .provider import TYPE

__all__ = ["TYPE"]
