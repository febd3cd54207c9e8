"""Crypto currencies as a provider, called ``btcpay``. Money goes back by a payout: a coin has no refund."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.payments import options, rules
from billing.payments.models import PaymentGatewayConfig
from billing.payments.providers.base import (
    Account,
    Action,
    ActionKind,
    Capability,
    ConfigField,
    Inbound,
    InboundReference,
    Intent,
    ObjectKind,
    PayoutIntent,
    ProviderRefused,
    ProviderType,
    ProviderUnknown,
    ProviderUnreachable,
    RefundIntent,
    Snapshot,
)
from billing.payments.providers.remote import amount_text, dig, money_from, text_of
from shared_apps.core.context import PUBLIC, platform_context
from shared_apps.core.errors import DomainError

from . import policy
from .client import BTCPayClient
from .inbound import named_object

_PAYOUT: Final = {
    "AwaitingApproval": "pending",
    "AwaitingPayment": "pending",
    "InProgress": "pending",
    "Completed": "settled",
    "Cancelled": "failed",
}
_ADDRESS: Final = re.compile(
    r"(bc1|tb1|bcrt1|ltc1)[0-9a-z]{10,80}|[13mn2LM][1-9A-HJ-NP-Za-km-z]{25,34}", re.ASCII
)


class Crypto:
    """One store on a BTCPay Server."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = BTCPayClient(account)

    def _schema(self) -> str:
        """Whose options count."""
        with platform_context():
            found = PaymentGatewayConfig.objects.filter(pk=self._account.configuration_id)
            return found.values_list("tenant__schema_name", flat=True).first() or PUBLIC

    def create(self, intent: Intent, *, idempotency_key: str) -> Action:
        """An invoice with an address of its own. Repeated, a call makes another: so it looks first."""
        known = self._invoice_of(idempotency_key)
        if known is None:
            schema = self._schema()
            # A deposit counts what came; for everything else a small difference may be forgiven.
            counts_all = intent.purpose in rules.ANY_AMOUNT
            tolerance = 0 if counts_all else options.CRYPTO_TOLERANCE.value_for(schema)
            method = _method(intent.money.currency)
            checkout = {
                "speedPolicy": policy.SPEED[options.CRYPTO_CONFIRMATIONS.value_for(schema)],
                "paymentMethods": [method],
                "expirationMinutes": int(options.CRYPTO_LIFETIME.value_for(schema).total_seconds() // 60),
                "monitoringMinutes": int(options.CRYPTO_MONITORING.value_for(schema).total_seconds() // 60),
                "paymentTolerance": tolerance,
                "redirectURL": intent.return_url,
            }
            metadata = {
                "orderId": idempotency_key,
                "payment": str(intent.payment_id),
                "itemDesc": intent.description,
            }
            body = {
                "amount": amount_text(intent.money),
                "currency": intent.money.currency,
                "metadata": metadata,
                "checkout": checkout,
            }
            known = self._client.post("/invoices", body)
        return self._action(known)

    def _action(self, invoice: dict[str, Any]) -> Action:
        try:
            seen, method = self._seen(invoice)
        except ProviderUnreachable as error:  # the invoice is there already
            raise ProviderUnknown(error.code, error.message) from None
        if seen.state != "pending":
            return Action(reference=seen.reference, state=seen.state, failure_code=seen.failure_code)
        until = invoice.get("expirationTime")
        return Action(
            reference=seen.reference,
            state="pending",
            kind=ActionKind.ADDRESS,
            # A wallet follows the coin's own link; at a simulated store a person follows the invoice's page.
            url=text_of(invoice, "checkoutLink")
            if self._account.is_simulated
            else text_of(method, "paymentLink"),
            address=text_of(method, "destination"),
            details={"amount": f"{text_of(method, 'due')} {text_of(method, 'currency')}"},
            expires_at=datetime.fromtimestamp(until, UTC) if isinstance(until, int) else None,
        )

    def _invoice_of(self, key: str) -> dict[str, Any] | None:
        found = self._client.get("/invoices", orderId=key)
        if not isinstance(found, list):
            raise ProviderUnknown("garbage")
        mine = [each for each in found if text_of(each, "metadata", "orderId") == key]
        return mine[-1] if mine else None

    def _seen(self, invoice: Any) -> tuple[Snapshot, Any]:
        reference = text_of(invoice, "id")
        asked = money_from(dig(invoice, "amount"), dig(invoice, "currency"))
        methods = self._client.get(f"/invoices/{_safe(reference)}/payment-methods")
        wanted = _method(asked.currency)
        method = next((each for each in methods or [] if text_of(each, "paymentMethodId") == wanted), None)
        if method is None:
            raise ProviderUnknown("garbage", "no payment method")
        payments = dig(method, "payments")
        received = policy.Received(
            asked=asked,
            due=_decimal(dig(method, "amount")),
            paid=_decimal(dig(method, "totalPaid")),
            states=[text_of(each, "status") for each in payments] if isinstance(payments, list) else [],
        )
        status, additional = text_of(invoice, "status"), text_of(invoice, "additionalStatus")
        try:
            state, money, failure = policy.judged(status, additional, received, self._policy())
        except KeyError:
            raise ProviderUnknown("garbage", f"status {status[:40]}") from None
        if state == "succeeded" and money < asked and status == "Settled":
            money = asked  # within the tolerance that the invoice was made with
        seen = Snapshot(
            kind=ObjectKind.PAYMENT,
            reference=reference,
            state=state,
            money=money,
            failure_code=failure,
            reason=additional.lower(),
        )
        return seen, method

    def _policy(self) -> policy.Policy:
        schema = self._schema()
        return policy.Policy(
            partial=options.CRYPTO_PARTIAL.value_for(schema),
            over=options.CRYPTO_OVER.value_for(schema),
            late=options.CRYPTO_LATE.value_for(schema),
        )

    def find(
        self, intent: Intent | RefundIntent | PayoutIntent, *, idempotency_key: str
    ) -> Snapshot | Action | None:
        """Looked for by our key, which stands in the object's metadata."""
        try:
            if isinstance(intent, Intent):
                known = self._invoice_of(idempotency_key)
                return None if known is None else self._action(known)
            if isinstance(intent, PayoutIntent):
                paid = self._payout_of(idempotency_key)
                return None if paid is None else _payout(paid)
        except ProviderRefused as refused:  # a search that is refused has found nothing out
            raise ProviderUnknown(refused.code, refused.message) from refused
        return None

    def fetch(self, kind: ObjectKind, reference: str) -> Snapshot:
        """The invoice or payout now."""
        if kind is ObjectKind.PAYMENT:
            return self._seen(self._client.get(f"/invoices/{_safe(reference)}"))[0]
        if kind is ObjectKind.PAYOUT:
            return _payout(self._client.get(f"/payouts/{_safe(reference)}"))
        raise ProviderRefused("not_found", "there are no refunds and disputes of coins")

    def cancel(self, reference: str) -> Snapshot:
        """The invoice is marked invalid as long as nothing has come."""
        seen = self.fetch(ObjectKind.PAYMENT, reference)
        if seen.state != "pending":
            return seen
        marked = self._client.post(f"/invoices/{_safe(reference)}/status", {"status": "Invalid"})
        return self._seen(marked)[0]

    def refund(self, intent: RefundIntent, *, idempotency_key: str) -> Snapshot:
        """A coin does not go back where it came from: staff ask for an address and make a payout."""
        raise ProviderRefused("no_refunds", "ask the payer for an address and make a payout")

    def payout(self, intent: PayoutIntent, *, idempotency_key: str) -> Snapshot:
        """From the store's wallet to an address. A repeated call would send it twice, so it looks first."""
        if intent.money.currency not in policy.COINS:
            raise ProviderRefused("currency", f"no payouts in {intent.money.currency}")
        known = self._payout_of(idempotency_key)
        if known is None:
            body = {
                "destination": intent.destination.get("address", ""),
                "amount": amount_text(intent.money),
                "payoutMethodId": _method(intent.money.currency),
                "approved": True,
                "metadata": {"key": idempotency_key, "payout": str(intent.payout_id)},
            }
            known = self._client.post("/payouts", body)
        return _payout(known)

    def _payout_of(self, key: str) -> dict[str, Any] | None:
        found = self._client.get("/payouts", includeCancelled="true")
        if not isinstance(found, list):
            raise ProviderUnknown("garbage")
        return next((each for each in found if text_of(each, "metadata", "key") == key), None)

    def inbound(self, notification: Inbound) -> InboundReference | None:
        """Proved by an HMAC over its bytes."""
        return named_object(notification, secret=self._client.webhook_secret, store=self._client.store)

    def check(self) -> str:
        """The store's name."""
        return text_of(self._client.get(""), "name")


def _payout(body: Any) -> Snapshot:
    state = _PAYOUT.get(text_of(body, "state"))
    reference = text_of(body, "id")
    if state is None or not reference:
        raise ProviderUnknown("garbage", "a payout")
    money = money_from(dig(body, "payoutAmount") or dig(body, "originalAmount"), dig(body, "payoutCurrency"))
    return Snapshot(
        kind=ObjectKind.PAYOUT,
        reference=reference,
        state=state,
        money=money,
        failure_code="cancelled" if state == "failed" else "",
    )


def _method(currency: str) -> str:
    """Prices in money of states are paid in BTC."""
    return f"{currency if currency in policy.COINS else 'BTC'}-CHAIN"


def _decimal(value: Any) -> Decimal:
    try:
        found = Decimal(value if isinstance(value, str) else "x")
    except InvalidOperation:
        raise ProviderUnknown("garbage", "an amount") from None
    if not found.is_finite():
        raise ProviderUnknown("garbage", "an amount")
    return found


def _safe(reference: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", reference):
        raise ProviderRefused("not_found", "no id of BTCPay")
    return reference


def check_settings(given: Mapping[str, str]) -> None:
    """Raises DomainError naming the field."""
    address = given.get("url", "")
    parts = urlsplit(address)
    if address and (parts.scheme not in ("https", "http") or not parts.hostname or parts.username):
        raise DomainError(
            "payments.url", _("Write the address of your BTCPay Server, https://…"), field="url"
        )
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", given.get("store_id", "")):
        raise DomainError("payments.store", _("This is no store ID of BTCPay."), field="store_id")


def check_destination(given: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """An address of a wallet; shown are its beginning and its end."""
    address = given.get("address", "").strip()
    if not _ADDRESS.fullmatch(address):
        raise DomainError("payments.address", _("This is no address of a Bitcoin or Litecoin wallet."),
                          field="address")  # fmt: skip
    return {"address": address}, f"{address[:6]}…{address[-6:]}"


TYPE: Final = ProviderType(
    name="btcpay",
    label=gettext_lazy("Crypto currencies (BTCPay Server)"),
    capabilities=frozenset({Capability.ADDRESS, Capability.PAYOUT}),
    currencies=(*policy.COINS, "EUR", "USD"),
    fields=(
        ConfigField(
            name="url",
            label=gettext_lazy("Address of the BTCPay Server"),
            is_required=False,
            help_text=gettext_lazy("Empty only for a simulated store."),
        ),
        ConfigField(name="store_id", label=gettext_lazy("Store ID")),
        ConfigField(name="api_key", label=gettext_lazy("API key"), is_secret=True),
        ConfigField(name="webhook_secret", label=gettext_lazy("Webhook secret"), is_secret=True),
    ),
    build=Crypto,
    check_settings=check_settings,
    check_destination=check_destination,
    destination_fields=(ConfigField(name="address", label=gettext_lazy("Address of the wallet")),),
)
