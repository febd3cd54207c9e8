"""The platform's own Stripe account, which bills organisations; its keys are in the environment (S3-19)."""

from __future__ import annotations

import json
from typing import Final

from django.conf import settings
from django.utils import timezone

from billing.payments.models import PaymentGatewayConfig
from billing.payments.providers.stripe import kind
from shared_apps.core import crypto
from shared_apps.core.context import PUBLIC
from shared_apps.core.locking import lock_one

from .frames import unit
from .gateways import SECRETS, add_configuration

NAME: Final = "Stripe"
_CURRENCIES: Final = ["EUR", "USD"]


def take_platform_keys() -> PaymentGatewayConfig | None:
    """Bring the platform's account to what STRIPE_SECRET_KEY and its kin say; repeating it changes nothing.

    With a key it is real; without one it is simulated where SIMULATOR_URL is set (never in production), and
    else switched off. An audit actor must be bound. Raises DomainError naming a key that is none.
    """
    public = {"public_key": settings.STRIPE_PUBLIC_KEY}
    secret = {"secret_key": settings.STRIPE_SECRET_KEY, "webhook_secret": settings.STRIPE_WEBHOOK_SECRET}
    is_real, is_simulated = bool(settings.STRIPE_SECRET_KEY), bool(settings.SIMULATOR_URL)
    wanted = {name: value for name, value in secret.items() if value} if is_real else {}
    if is_real:
        kind.check_settings({**public, **wanted})
    with unit():
        row: PaymentGatewayConfig | None = lock_one(
            PaymentGatewayConfig.objects.filter(tenant=None, provider=kind.NAME, name=NAME)
        )
        if row is None:
            if not (is_real or is_simulated):
                return None
            return add_configuration(
                tenant=None,
                provider=kind.NAME,
                name=NAME,
                settings=public if is_real else {},
                secrets=wanted,
                currencies=_CURRENCIES,
                is_simulated=not is_real,
            )
        if not (is_real or is_simulated):
            row.is_enabled = False
            row.save(update_fields=["is_enabled"])
            return row
        stored = json.loads(crypto.unseal(row.secrets, purpose=SECRETS, row=row.pk)) if row.secrets else {}
        if (stored, row.is_simulated, row.is_enabled) != (wanted, not is_real, True):
            sealed = crypto.seal(json.dumps(wanted), purpose=SECRETS, row=row.pk, schema=PUBLIC)
            row.secrets, row.settings = (sealed, public) if is_real else ("", {})
            row.is_simulated, row.is_enabled, row.checked_at = not is_real, True, timezone.now()
            row.save()
    return row
