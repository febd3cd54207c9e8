"""SBP, the Russian system of fast payments, through YooKassa: a QR code, refunds, payouts by phone number."""

from .provider import TYPE

__all__ = ["TYPE"]
