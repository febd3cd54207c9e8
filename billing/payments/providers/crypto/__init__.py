"""Crypto currencies through a BTCPay Server of one's own: an address, confirmations, payouts."""

from .provider import TYPE

__all__ = ["TYPE"]
