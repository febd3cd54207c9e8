"""The platform's own Stripe account follows the environment (S3-19)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing.payments.models import PaymentGatewayConfig
from billing.payments.services.gateways import _account
from shared_apps.core.context import platform_context

pytestmark = pytest.mark.django_db(transaction=True)


def taken(settings: Any, secret: str = "", public: str = "", webhook: str = "", simulator: str = "") -> str:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_PUBLIC_KEY = secret, public
    settings.STRIPE_WEBHOOK_SECRET, settings.SIMULATOR_URL = webhook, simulator
    said = io.StringIO()
    call_command("take_stripe_keys", stdout=said)
    return said.getvalue().strip().rpartition(": ")[2]


@pytest.mark.req("S3-19", "S1-14")
def test_keys_of_the_environment_are_the_platforms_account(settings: Any) -> None:
    assert taken(settings) == "off"
    assert taken(settings, simulator="http://127.0.0.1:9") == "simulated"
    keys = ("sk_test_platform1", "pk_test_platform1", "whsec_platform1")
    for _ in range(2):
        assert taken(settings, *keys) == "real"
    with platform_context():
        (row,) = PaymentGatewayConfig.objects.filter(tenant=None, provider="stripe")
        assert "sk_test_platform1" not in PaymentGatewayConfig.objects.values_list("secrets", flat=True)[0]
        account = _account(row)
    assert account.secrets == {"secret_key": keys[0], "webhook_secret": keys[2]}
    assert account.settings == {"public_key": keys[1]} and not account.is_simulated
    assert taken(settings, "sk_test_platform2", keys[1], keys[2]) == "real"  # a new key
    assert taken(settings) == "off"
    with pytest.raises(CommandError, match="secret_key"):
        taken(settings, "pk_test_platform1", keys[1])
    with pytest.raises(CommandError, match="public_key"):
        taken(settings, "sk_live_platform1", keys[1])
