"""Stripe's SDK for one account: its key, the pinned version, no retries, no globals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe
from django.conf import settings

from billing.payments.providers.base import (
    Account,
    ProviderDenied,
    ProviderRefused,
    ProviderUnknown,
    ProviderUnreachable,
)
from billing.payments.simulators import stripe_keys
from billing.payments.simulators.accounts import account_name

from .http import HttpxClient, NotSent


def connect(account: Account) -> stripe.StripeClient:
    """The client of an account. Raises ProviderUnreachable where it is simulated and no simulator runs."""
    if not account.is_simulated:
        return stripe.StripeClient(
            account.secrets["secret_key"],
            stripe_version=stripe.api_version,
            max_network_retries=0,
            http_client=HttpxClient(),
        )
    if not settings.SIMULATOR_URL:
        raise ProviderUnreachable("no_simulator", "SIMULATOR_URL is not set")
    return stripe.StripeClient(
        stripe_keys.secret_key(str(account.configuration_id)),
        stripe_version=stripe.api_version,
        max_network_retries=0,
        http_client=HttpxClient(),
        base_addresses={"api": f"{settings.SIMULATOR_URL}/stripe"},
    )


def public_key(account: Account) -> str:
    """What browsers and apps say who they pay."""
    if account.is_simulated:
        return stripe_keys.public_key(str(account.configuration_id))
    return str(account.settings.get("public_key", ""))


def webhook_secret(account: Account) -> str:
    """What Stripe signs our notifications with; ``""`` while nobody has entered it."""
    if account.is_simulated:
        return stripe_keys.webhook_secret(account_name(str(account.configuration_id)))
    return account.secrets.get("webhook_secret", "")


@contextmanager
def told() -> Iterator[None]:
    """The three errors of the port, for whatever the SDK raises."""
    try:
        yield
    except NotSent as error:
        raise ProviderUnreachable("unreachable", str(error)) from error
    except stripe.RateLimitError as error:
        raise ProviderUnreachable(error.code or "rate_limited", error.user_message or "") from error
    except stripe.CardError as error:
        raise ProviderRefused(_decline(error), (error.user_message or "")[:300]) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise ProviderDenied("credentials", (error.user_message or "")[:300]) from error
    except stripe.IdempotencyError as error:
        raise ProviderDenied("key_reused", (error.user_message or "")[:300]) from error
    except stripe.InvalidRequestError as error:
        code = "not_found" if error.http_status == 404 or error.code == "resource_missing" else error.code
        raise ProviderRefused(code or "invalid_request", (error.user_message or "")[:300]) from error
    except stripe.StripeError as error:  # no answer, 5xx, a body that is no JSON; 409: the key is under way
        code = "in_progress" if error.http_status == 409 else "no_answer"
        raise ProviderUnknown(code, str(error)[:300]) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # JSON, and none of Stripe's
        raise ProviderUnknown("garbage", type(error).__name__) from error


def _decline(error: stripe.CardError) -> str:
    told_more = error.error.to_dict().get("decline_code") if error.error else None
    return str(told_more or error.code or "card_declined")
