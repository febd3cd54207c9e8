"""What every provider must do, whatever stands behind it (F43). Run by ``test_contract`` over all of them.

To plug one in: ``tests/payments/remotes/<name of the provider>.py`` with a class ``Remote`` that inherits from
:class:`RemoteSide`. A registered provider without one fails ``test_contract``.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from importlib import import_module
from typing import Any

from django.db import transaction

import tests.payments.remotes as remotes
from billing.payments import services
from billing.payments.models import Payment, PaymentGatewayConfig, Payout, Refund
from billing.payments.providers.base import ProviderType, provider_type
from billing.payments.services import deliveries, gateways
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.errors import DomainError
from shared_apps.core.money import Money
from shared_apps.tenants.models import Tenant

Notification = tuple[dict[str, str], bytes]


class RemoteSide:
    """The other side of one provider: payer, bank and wire. Made anew for each test."""

    #: Name of the registered provider.
    provider = ""
    currency = "EUR"
    amount = "25.00"
    #: Whether there is a wire that can break (not where our own staff are the other side).
    has_wire = True
    #: Whether an emulator is its other side: the test then runs with the fixture ``simulators``.
    is_emulated = False
    destination: dict[str, str] = {}

    def settings(self) -> dict[str, str]:
        """The configuration's fields that are no secrets."""
        return {}

    def secrets(self) -> dict[str, str]:
        """Its secrets."""
        return {}

    def pay(self, payment: Payment) -> None:
        """The payer does what the action asks, and the money arrives."""
        raise NotImplementedError

    def hold(self, payment: Payment) -> None:
        """The payer has begun (3-D Secure is asked for, a block is awaited); nothing is decided."""
        raise NotImplementedError

    def decline(self, payment: Payment) -> None:
        """It will not be paid, for good."""
        raise NotImplementedError

    def settle_refund(self, refund: Refund) -> None:
        """The refund arrives; nothing to do where ``refund`` is final at once."""

    def fail_refund(self, refund: Refund) -> None:
        """The refund comes back, after it had succeeded where the provider knows such a thing."""
        raise NotImplementedError

    def settle_payout(self, payout: Payout) -> None:
        """The payout arrives."""
        raise NotImplementedError

    def fail_payout(self, payout: Payout) -> None:
        """The payout does not arrive."""
        raise NotImplementedError

    def notifications(self) -> list[Notification]:
        """Everything that the remote has told so far, as it was sent; empty without webhooks."""
        return []

    def forged(self) -> list[Notification]:
        """Notifications that are not the remote's: a wrong signature, and one that is too old if it is signed."""
        return []

    def objects(self) -> int:
        """How many payments, refunds and payouts the remote has made."""
        raise NotImplementedError

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        """Calls are carried out and their answers do not arrive."""
        raise NotImplementedError
        yield

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Nothing arrives at the remote."""
        raise NotImplementedError
        yield

    @contextmanager
    def answering_garbage(self) -> Iterator[None]:
        """Calls are not carried out and answered with nonsense (an HTML page, half a JSON)."""
        raise NotImplementedError
        yield

    # --- What the suite does with it ------------------------------------------------------------

    def __init__(self, tenant: Tenant, payer_id: int) -> None:
        self.tenant, self.payer_id, self.numbers = tenant, payer_id, 0
        with platform_context(), transaction.atomic():
            self.configuration: PaymentGatewayConfig = gateways.add_configuration(
                tenant=tenant,
                provider=self.provider,
                name=f"Contract {self.provider}",
                settings=self.settings(),
                secrets=self.secrets(),
                currencies=[self.currency],
                is_simulated=self.has_wire,
            )

    @property
    def kind(self) -> ProviderType:
        return provider_type(self.provider)

    def money(self, amount: str | None = None) -> Money:
        return Money(Decimal(amount or self.amount), self.currency)

    def begin(self, **changes: Any) -> Payment:
        """Begin a payment as an app in the tenant does."""
        self.numbers += 1
        fields: dict[str, Any] = {
            "tenant": self.tenant, "configuration_id": self.configuration.pk, "purpose": "order",
            "reference": f"order:{self.numbers}", "user_id": self.payer_id, "money": self.money(),
            "description": "Contract", "return_url": "http://acme.localhost/back/", "key": f"order:{self.numbers}",
        }  # fmt: skip
        with tenant_context(self.tenant), transaction.atomic():
            return services.begin_payment(**(fields | changes))

    def started(self, **changes: Any) -> Payment:
        return services.start_payment(self.begin(**changes).pk)

    def paid(self, **changes: Any) -> Payment:
        """A payment that has succeeded."""
        payment = self.started(**changes)
        self.pay(payment)
        return self.caught_up(payment)

    def refund(self, payment: Payment, minor_units: int, key: str = "refund") -> Refund:
        with tenant_context(self.tenant), transaction.atomic():
            refund = services.begin_refund(
                payment_id=payment.pk, minor_units=minor_units, reason="Contract", key=key
            )
        return services.send_refund(refund.pk)

    def begin_payout(self, key: str = "payout") -> Payout:
        with tenant_context(self.tenant), transaction.atomic():
            return services.begin_payout(
                tenant=self.tenant, configuration_id=self.configuration.pk, purpose="withdrawal",
                reference="withdrawal:1", destination=self.destination, money=self.money(), key=key,
                user_id=self.payer_id,
            )  # fmt: skip

    def deliver(self, told: list[Notification] | None = None) -> None:
        """Bring notifications to the inbox and have them worked off."""
        for headers, raw in self.notifications() if told is None else told:
            self.receive(headers, raw)
        deliveries.work_inbox()

    def receive(self, headers: dict[str, str], raw: bytes) -> bool:
        return deliveries.receive(
            provider=self.provider, configuration_id=self.configuration.pk, headers=headers, raw=raw,
            remote_addr="127.0.0.1",
        )  # fmt: skip

    def refused(self, headers: dict[str, str], raw: bytes) -> str:
        """The code with which the inbox refuses a notification; empty where it takes it."""
        try:
            self.receive(headers, raw)
        except DomainError as error:
            return error.code
        return ""

    def caught_up(self, row: Any) -> Any:
        """Our row after everything was told; without webhooks we ask."""
        if self.kind.has_webhooks:
            self.deliver()
        else:
            services.refresh(type(row).__name__.lower(), row.pk)
        return fresh(row)


def fresh(row: Any) -> Any:
    """The row as it is now."""
    with platform_context():
        return type(row)._default_manager.select_related("tenant").get(pk=row.pk)


def sides() -> dict[str, type[RemoteSide]]:
    """Every plugged-in remote side by its provider's name."""
    return {
        module.name: import_module(f"{remotes.__name__}.{module.name}").Remote
        for module in pkgutil.iter_modules(remotes.__path__)
    }
