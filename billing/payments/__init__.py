"""Payments, refunds and payouts through providers, and what the providers tell us."""
