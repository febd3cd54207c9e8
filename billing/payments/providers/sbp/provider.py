"""SBP as a provider, called ``yookassa``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
from billing.payments.providers.remote import amount_text, dig, money_from, refuse_old_key, text_of
from shared_apps.core.errors import DomainError
from shared_apps.core.money import Money

from .client import YooKassaClient
from .inbound import named_object

_PATHS: Final = {ObjectKind.PAYMENT: "payments", ObjectKind.REFUND: "refunds", ObjectKind.PAYOUT: "payouts"}
_STATES: Final[Mapping[ObjectKind, Mapping[str, str]]] = {
    ObjectKind.PAYMENT: {
        "pending": "pending",
        "waiting_for_capture": "processing",
        "succeeded": "succeeded",
        "canceled": "failed",
    },
    ObjectKind.REFUND: {"pending": "pending", "succeeded": "succeeded", "canceled": "failed"},
    ObjectKind.PAYOUT: {"pending": "pending", "succeeded": "settled", "canceled": "failed"},
}
#: YooKassa remembers keys for a day.
_KEYS: Final = timedelta(hours=23)
#: Nobody said no: the time ran out, or it was given up.
_LAPSED: Final = ("expired_on_confirmation", "canceled_by_merchant")
_PHONE: Final = re.compile(r"7\d{10}", re.ASCII)
_BANK: Final = re.compile(r"\d{12}", re.ASCII)


class Sbp:
    """One shop at YooKassa."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = YooKassaClient(account)

    def create(self, intent: Intent, *, idempotency_key: str) -> Action:
        """A QR code; on a phone its address opens the payer's bank."""
        body = {
            "amount": _amount(intent.money),
            "capture": True,
            "payment_method_data": {"type": "sbp"},
            "confirmation": {"type": "qr", "return_url": intent.return_url},
            "description": intent.description[:128],
            "metadata": {"payment": str(intent.payment_id), "purpose": intent.purpose[:512]},
        }
        made = self._client.post("/v3/payments", body, key=idempotency_key)
        seen = snapshot(ObjectKind.PAYMENT, made)
        address = text_of(made, "confirmation", "confirmation_data")
        if seen.state == "pending" and not address.startswith(("https://", "http://")):
            raise ProviderUnknown("garbage", "a payment without a QR code")
        return Action(
            reference=seen.reference,
            state=seen.state,
            kind=ActionKind.QR if seen.state == "pending" else ActionKind.NONE,
            url=address if seen.state == "pending" else "",
            failure_code=seen.failure_code,
            failure_message=seen.failure_message,
        )

    def find(
        self, intent: Intent | RefundIntent | PayoutIntent, *, idempotency_key: str
    ) -> Snapshot | Action | None:
        """The same call with the same key, while YooKassa remembers the key."""
        refuse_old_key(idempotency_key, timezone.now(), _KEYS)
        if isinstance(intent, Intent):
            return self.create(intent, idempotency_key=idempotency_key)
        if isinstance(intent, RefundIntent):
            return self.refund(intent, idempotency_key=idempotency_key)
        return self.payout(intent, idempotency_key=idempotency_key)

    def fetch(self, kind: ObjectKind, reference: str) -> Snapshot:
        """The object now. Disputes do not exist here."""
        if kind not in _PATHS or not re.fullmatch(r"[A-Za-z0-9-]{1,64}", reference):
            raise ProviderRefused("not_found", "no object of YooKassa")
        return snapshot(kind, self._client.get(f"/v3/{_PATHS[kind]}/{reference}"))

    def cancel(self, reference: str) -> Snapshot:
        """A QR code cannot be called back: if somebody still pays, the money is followed."""
        seen = self.fetch(ObjectKind.PAYMENT, reference)
        if seen.state != "pending":
            return seen
        return Snapshot(
            kind=ObjectKind.PAYMENT,
            reference=reference,
            state="cancelled",
            money=seen.money,
            failure_code="cancelled",
        )

    def refund(self, intent: RefundIntent, *, idempotency_key: str) -> Snapshot:
        """To the payer's account."""
        body = {"payment_id": intent.payment_reference, "amount": _amount(intent.money)}
        if intent.reason:
            body["description"] = intent.reason[:128]
        return snapshot(ObjectKind.REFUND, self._client.post("/v3/refunds", body, key=idempotency_key))

    def payout(self, intent: PayoutIntent, *, idempotency_key: str) -> Snapshot:
        """To the account behind a phone number at a bank."""
        target = {
            "type": "sbp",
            "phone": intent.destination.get("phone", ""),
            "bank_id": intent.destination.get("bank_id", ""),
        }
        body = {
            "amount": _amount(intent.money),
            "payout_destination_data": target,
            "description": intent.description[:128],
            "metadata": {"payout": str(intent.payout_id)},
        }
        return snapshot(ObjectKind.PAYOUT, self._client.post("/v3/payouts", body, key=idempotency_key))

    def inbound(self, notification: Inbound) -> InboundReference | None:
        """Proved by where it comes from; the object is fetched again."""
        return named_object(notification, is_simulated=self._account.is_simulated)

    def check(self) -> str:
        """The shop's number."""
        who = self._client.get("/v3/me")
        if text_of(who, "status") != "enabled":
            raise ProviderRefused("disabled", "the shop is not enabled")
        return text_of(who, "account_id")


def snapshot(kind: ObjectKind, body: dict[str, Any]) -> Snapshot:
    """An object of YooKassa as ours. Raises ProviderUnknown for what is none."""
    status, reason = text_of(body, "status"), text_of(body, "cancellation_details", "reason")
    state = _STATES[kind].get(status)
    if state is None:
        raise ProviderUnknown("garbage", f"status {status[:40]}")
    money = money_from(dig(body, "amount", "value"), dig(body, "amount", "currency"))
    if kind is ObjectKind.PAYMENT:
        if state == "failed" and reason in _LAPSED:
            state = "cancelled"
        if state != "succeeded":
            money = Money.zero(money.currency)
    return Snapshot(
        kind=kind,
        reference=text_of(body, "id"),
        state=state,
        money=money,
        parent=text_of(body, "payment_id") if kind is ObjectKind.REFUND else "",
        failure_code=(reason or "canceled") if status == "canceled" else "",
    )


def _amount(money: Money) -> dict[str, str]:
    if money.currency != "RUB":
        raise ProviderRefused("currency", "SBP moves roubles only")
    return {"value": amount_text(money), "currency": money.currency}


def check_settings(given: Mapping[str, str]) -> None:
    """Raises DomainError naming the field."""
    if bool(given.get("payout_gateway_id")) != bool(given.get("payout_secret_key")):
        raise DomainError(
            "payments.payout_gateway",
            _("Payouts need both their gateway and its key."),
            field="payout_gateway_id",
        )


def check_destination(given: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """A Russian phone number and the bank's number in SBP; shown are the last four digits."""
    digits = re.sub(r"[\s()+-]", "", given.get("phone", ""))
    phone = f"7{digits[1:]}" if len(digits) == 11 and digits.startswith("8") else digits
    if not _PHONE.fullmatch(phone):
        raise DomainError("payments.phone", _("Write a phone number as +7 and ten digits."), field="phone")
    bank = given.get("bank_id", "").strip()
    if not _BANK.fullmatch(bank):
        raise DomainError(
            "payments.bank", _("Write the bank's number in SBP, twelve digits."), field="bank_id"
        )
    return {"phone": phone, "bank_id": bank}, f"+7 … {phone[-4:]}"


TYPE: Final = ProviderType(
    name="yookassa",
    label=gettext_lazy("SBP (YooKassa)"),
    capabilities=frozenset({Capability.QR, Capability.REFUND, Capability.PARTIAL_REFUND, Capability.PAYOUT}),
    currencies=("RUB",),
    fields=(
        ConfigField(name="shop_id", label=gettext_lazy("Shop ID")),
        ConfigField(name="secret_key", label=gettext_lazy("Secret key"), is_secret=True),
        ConfigField(name="payout_gateway_id", label=gettext_lazy("Gateway ID of payouts"), is_required=False),
        ConfigField(
            name="payout_secret_key",
            label=gettext_lazy("Secret key of payouts"),
            is_secret=True,
            is_required=False,
        ),
    ),
    build=Sbp,
    check_settings=check_settings,
    check_destination=check_destination,
    destination_fields=(
        ConfigField(name="phone", label=gettext_lazy("Phone number")),
        ConfigField(name="bank_id", label=gettext_lazy("Bank's number in SBP")),
    ),
)
