"""``take_stripe_keys``: the platform's Stripe account as the environment says; safe to repeat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.payments.services.platform_keys import take_platform_keys
from shared_apps.core.context import audit_context
from shared_apps.core.errors import DomainError


class Command(BaseCommand):
    help = (
        "Takes STRIPE_SECRET_KEY, STRIPE_PUBLIC_KEY and STRIPE_WEBHOOK_SECRET for the platform's own account."
    )
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        with audit_context(actor_label="payments.take_stripe_keys"):
            try:
                row = take_platform_keys()
            except DomainError as error:
                raise CommandError(f"{error.field}: {error.message}") from error
        state = "off" if row is None or not row.is_enabled else "simulated" if row.is_simulated else "real"
        self.stdout.write(f"the platform's Stripe account: {state}")
