"""Codes of accounts, in one place. A positive balance is what we owe the account's owner."""

from __future__ import annotations

from uuid import UUID

#: What plans and fees earned.
REVENUE_PLANS = "revenue:plans"
REVENUE_FEES = "revenue:fees"
#: Between a tenant and the platform: in a tenant's ledger what the tenant owes (swept daily).
PLATFORM_PAYABLE = "platform_payable"
#: What of it the daily sweep has handed over to the platform's ledger.
PLATFORM_SETTLED = "platform_settled"


def member(member_id: UUID) -> str:
    """A member's wallet; the only kind of account that cannot be overdrawn."""
    return f"member:{member_id}"


def receivable(member_id: UUID) -> str:
    """What a member owes us (a dispute lost after the money was paid out)."""
    return f"receivable:member:{member_id}"


def clearing(provider: str, configuration_id: object) -> str:
    """Money that lies at a payment provider, negative: it is outside."""
    return f"clearing:{provider}:{configuration_id}"


def trading(asset: str) -> str:
    """The position of an exchange of currencies."""
    return f"trading:{asset}"


def tenant(uuid: UUID) -> str:
    """In the platform's ledger: what an organisation has been swept for, negative as long as it owes it."""
    return f"tenant:{uuid}"
