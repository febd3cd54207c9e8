"""Stripe, simulated: what we use of API version 2026-10-28.endive, at the SDK's own types."""

from .engine import StripeSimulator

__all__ = ["StripeSimulator"]
