"""Keys of simulated Stripe accounts: they follow from the configuration, nothing here is secret."""

from __future__ import annotations

from .accounts import account_name, derived


def _suffix(account: str) -> str:
    return f"{account.replace('-', '_')}_{derived('stripe', account, 'key')}"


def secret_key(configuration: str) -> str:
    """The API key of a simulated configuration."""
    return f"sk_test_{_suffix(account_name(configuration))}"


def public_key(configuration: str) -> str:
    """Its publishable key."""
    return f"pk_test_{_suffix(account_name(configuration))}"


def webhook_secret(account: str) -> str:
    """What the events of an account (``sim-…``) are signed with."""
    return f"whsec_{derived('stripe', account, 'webhook', 32)}"
