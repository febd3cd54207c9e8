"""PayPal as a provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.payments.models import Payment
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
    RefundIntent,
    Snapshot,
)
from billing.payments.providers.remote import amount_text, dig, refuse_old_key, text_of
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError
from shared_apps.core.money import Money

from . import mapping
from .client import PayPalClient, request_id
from .inbound import named_object

#: What PayPal takes, of the currencies that we know.
CURRENCIES: Final = tuple("EUR USD GBP CHF PLN CZK SEK NOK DKK CAD AUD NZD SGD HKD CNY BRL JPY".split())
#: How long PayPal remembers request ids, less an hour: of orders six hours, else thirty days.
_ORDER_KEYS: Final = timedelta(hours=5)
_MONEY_KEYS: Final = timedelta(days=29)
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}")


class PayPal:
    """One account at PayPal. A payment's reference is the order's id."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = PayPalClient(account)

    def create(self, intent: Intent, *, idempotency_key: str) -> Action:
        """An order: charged at once to a saved account, else to be approved by the payer."""
        _refuse_currency(intent.money)
        unit = {
            "amount": _amount(intent.money),
            "description": intent.description[:127],
            "custom_id": str(intent.payment_id),
        }
        body = {"intent": "CAPTURE", "purchase_units": [unit], "payment_source": {"paypal": _source(intent)}}
        order = self._client.post(
            "/v2/checkout/orders", body, request_id=request_id("order", idempotency_key)
        )
        return self._action(order)

    def _action(self, order: dict[str, Any]) -> Action:
        seen = mapping.payment(order)
        if seen.action is None:
            raise ProviderUnknown("garbage", "an order without an approval link")
        if seen.action.kind is ActionKind.REDIRECT:
            return seen.action
        return Action(
            reference=seen.reference,
            state=seen.state,
            failure_code=seen.failure_code,
            failure_message=seen.failure_message,
        )

    def find(
        self, intent: Intent | RefundIntent | PayoutIntent, *, idempotency_key: str
    ) -> Snapshot | Action | None:
        """The same call with the same key, while PayPal remembers the key."""
        if isinstance(intent, Intent):
            refuse_old_key(idempotency_key, timezone.now(), _ORDER_KEYS)
            return self.create(intent, idempotency_key=idempotency_key)
        refuse_old_key(idempotency_key, timezone.now(), _MONEY_KEYS)
        if isinstance(intent, RefundIntent):
            return self.refund(intent, idempotency_key=idempotency_key)
        return self.payout(intent, idempotency_key=idempotency_key)

    def fetch(self, kind: ObjectKind, reference: str) -> Snapshot:
        """The object now. An order that the payer has approved is captured first: an approval is no money."""
        match kind:
            case ObjectKind.PAYMENT:
                return self._payment(reference)
            case ObjectKind.REFUND:
                body = self._client.get(f"/v2/payments/refunds/{_safe(reference)}")
                return mapping.refund(body, self._order_of(_capture_behind(body)))
            case ObjectKind.PAYOUT:
                return mapping.payout(self._client.get(f"/v1/payments/payouts/{_safe(reference)}"))
            case ObjectKind.DISPUTE:
                body = self._client.get(f"/v1/customer/disputes/{_safe(reference)}")
                capture = text_of(body, "disputed_transactions", 0, "seller_transaction_id")
                return mapping.dispute(body, self._order_of(capture))

    def _payment(self, reference: str) -> Snapshot:
        path = f"/v2/checkout/orders/{_safe(reference)}"
        order = self._client.get(path)
        if text_of(order, "status") == "APPROVED" and not self._is_given_up(reference):
            try:
                order = self._client.post(f"{path}/capture", {}, request_id=request_id("capture", reference))
            except ProviderRefused as error:
                if error.code not in ("instrument_declined", "order_already_captured", "order_not_approved"):
                    raise
                order = self._client.get(path)  # declined: the payer may choose another instrument
        return mapping.payment(order)

    def _is_given_up(self, reference: str) -> bool:
        """PayPal cannot cancel an order: one that was given up here is not captured any more."""
        with platform_context():
            known = Payment.objects.filter(
                configuration_id=self._account.configuration_id, provider_reference=reference
            ).first()
        return known is not None and known.state == Payment.State.CANCELLED

    def _order_of(self, capture: str) -> str:
        if not capture:
            return ""
        body = self._client.get(f"/v2/payments/captures/{_safe(capture)}")
        return text_of(body, "supplementary_data", "related_ids", "order_id")

    def cancel(self, reference: str) -> Snapshot:
        """Nothing to tell PayPal: an order that is not captured lapses by itself."""
        seen = mapping.payment(self._client.get(f"/v2/checkout/orders/{_safe(reference)}"))
        if seen.state != "pending":
            return seen
        return Snapshot(
            kind=ObjectKind.PAYMENT,
            reference=reference,
            state="cancelled",
            money=Money.zero(seen.money.currency),
            failure_code="cancelled",
        )

    def refund(self, intent: RefundIntent, *, idempotency_key: str) -> Snapshot:
        """Of the order's capture."""
        order = self._client.get(f"/v2/checkout/orders/{_safe(intent.payment_reference)}")
        taken = mapping.capture_of(order)
        if taken is None:
            raise ProviderRefused("not_captured")
        body = {"amount": _amount(intent.money), "custom_id": str(intent.refund_id)}
        if intent.reason:
            body["note_to_payer"] = intent.reason[:255]
        path = f"/v2/payments/captures/{_safe(text_of(taken, 'id'))}/refund"
        made = self._client.post(path, body, request_id=request_id("refund", idempotency_key))
        return mapping.refund(made, intent.payment_reference)

    def payout(self, intent: PayoutIntent, *, idempotency_key: str) -> Snapshot:
        """To the PayPal account of an e-mail address."""
        _refuse_currency(intent.money)
        item = {
            "recipient_type": "EMAIL",
            "receiver": intent.destination.get("email", ""),
            "amount": {"currency": intent.money.currency, "value": amount_text(intent.money)},
            "note": intent.description[:1000],
            "sender_item_id": str(intent.payout_id),
        }
        key = request_id("payout", idempotency_key)
        body = {"sender_batch_header": {"sender_batch_id": key}, "items": [item]}
        try:
            made = self._client.post("/v1/payments/payouts", body, request_id=key)
        except ProviderRefused as error:
            if error.code == "duplicate_sender_batch_id":  # sent before: refused is not "nothing happened"
                raise ProviderUnknown(
                    "duplicate_batch", "it was sent before; look for it at PayPal"
                ) from None
            raise
        return Snapshot(
            kind=ObjectKind.PAYOUT,
            reference=text_of(made, "batch_header", "payout_batch_id"),
            state="pending",
            money=intent.money,
        )

    def inbound(self, notification: Inbound) -> InboundReference | None:
        """Verified by PayPal itself."""
        return named_object(self._client, notification)

    def check(self) -> str:
        """Who we are there."""
        who = self._client.get("/v1/identity/oauth2/userinfo?schema=paypalv1.1")
        return text_of(who, "name") or text_of(who, "user_id") or self._client.client_id


def _amount(money: Money) -> dict[str, str]:
    return {"currency_code": money.currency, "value": amount_text(money)}


def _source(intent: Intent) -> dict[str, Any]:
    if intent.saved_method:
        return {"vault_id": intent.saved_method}
    back = intent.return_url
    source: dict[str, Any] = {
        "experience_context": {
            "return_url": back,
            "cancel_url": f"{back}{'&' if urlsplit(back).query else '?'}cancelled=1",
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
        }
    }
    if intent.save_method:
        vault = {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT", "usage_pattern": "IMMEDIATE"}
        source["attributes"] = {"vault": vault}
    return source


def _capture_behind(refund: Any) -> str:
    links = dig(refund, "links")
    for link in links if isinstance(links, list) else []:
        if text_of(link, "rel") == "up":
            return text_of(link, "href").rstrip("/").rsplit("/", 1)[-1]
    return ""


def _safe(reference: str) -> str:
    """An id that may stand in a path."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", reference):
        raise ProviderRefused("not_found", "no id of PayPal")
    return reference


def _refuse_currency(money: Money) -> None:
    if money.currency not in CURRENCIES:
        raise ProviderRefused("currency", f"PayPal does not take {money.currency}")


def check_settings(given: Mapping[str, str]) -> None:
    """Raises DomainError naming the field."""
    if given.get("environment") not in ("live", "sandbox"):
        raise DomainError("payments.environment", _("Write live or sandbox."), field="environment")


def check_destination(given: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The e-mail address of a PayPal account; shown are its first letter and its domain."""
    address = given.get("email", "").strip()
    if not _EMAIL.fullmatch(address):
        raise DomainError("payments.email", _("Write the e-mail address of a PayPal account."), field="email")
    name, _at, domain = address.partition("@")
    return {"email": address}, f"{name[0]}…@{domain}"


TYPE: Final = ProviderType(
    name="paypal",
    label="PayPal",
    capabilities=frozenset(
        {Capability.REFUND, Capability.PARTIAL_REFUND, Capability.PAYOUT, Capability.SAVED}
    ),
    currencies=CURRENCIES,
    fields=(
        ConfigField(name="client_id", label=gettext_lazy("Client ID")),
        ConfigField(name="client_secret", label=gettext_lazy("Client secret"), is_secret=True),
        ConfigField(
            name="webhook_id",
            label=gettext_lazy("Webhook ID"),
            help_text=gettext_lazy("PayPal shows it where you enter the address of our webhook."),
        ),
        ConfigField(
            name="environment",
            label=gettext_lazy("Environment"),
            help_text=gettext_lazy("live, or sandbox to try it out"),
        ),
    ),
    build=PayPal,
    check_settings=check_settings,
    check_destination=check_destination,
    destination_fields=(ConfigField(name="email", label=gettext_lazy("E-mail address at PayPal")),),
)
