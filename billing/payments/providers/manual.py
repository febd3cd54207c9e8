"""Bank transfers that people of the staff confirm. There is no remote service: their word is what is fetched.

A payer gets the account's details and a reference to write into the transfer; whoever sees the money in the
bank confirms it. Payouts and refunds are made at the bank by staff and confirmed the same way. Who may
confirm, and how many people are needed, decides ``services.staff``; here only what they said is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum import bic, iban
from stdnum.exceptions import ValidationError

from billing.payments import queries, rules
from billing.payments.models import Payment, Payout, Refund, money_of
from shared_apps.core.context import PUBLIC, platform_context
from shared_apps.core.errors import DomainError
from shared_apps.core.money import MINOR_DIGITS

from .base import (
    Account,
    Action,
    ActionKind,
    Capability,
    ConfigField,
    Inbound,
    InboundReference,
    InboundRefused,
    Intent,
    ObjectKind,
    PayoutIntent,
    ProviderRefused,
    ProviderType,
    RefundIntent,
    Snapshot,
)

NAME: Final = "manual"
_MODELS: Final[Mapping[ObjectKind, type[Any]]] = {
    ObjectKind.PAYMENT: Payment,
    ObjectKind.REFUND: Refund,
    ObjectKind.PAYOUT: Payout,
}
_NOT_AT_BANKS: Final = frozenset({"BTC", "ETH", "USDT", "USDC", "SOL", "XRP", "LTC", "XAU", "XAG"})
_DONE: Final = {ObjectKind.PAYMENT: "succeeded", ObjectKind.REFUND: "succeeded", ObjectKind.PAYOUT: "settled"}


class ManualTransfers:
    """One bank account. Our own numbers are the references."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def create(self, intent: Intent, *, idempotency_key: str) -> Action:
        """Nothing to ask anybody: the payer is told where to send the money."""
        settings = self._account.settings
        details = {
            "account_holder": str(settings.get("account_holder", "")),
            "iban": rules.in_groups(str(settings.get("iban", ""))),
            "bic": str(settings.get("bic", "")),
            "bank_name": str(settings.get("bank_name", "")),
            "reference": rules.in_groups(intent.label),
        }
        return Action(
            reference=str(intent.payment_id),
            state="pending",
            kind=ActionKind.TRANSFER,
            details={name: text for name, text in details.items() if text},
        )

    def find(
        self, intent: Intent | RefundIntent | PayoutIntent, *, idempotency_key: str
    ) -> Snapshot | Action | None:
        """Nothing is ever on its way to nobody."""
        return None

    def fetch(self, kind: ObjectKind, reference: str) -> Snapshot:
        """What staff have said so far."""
        model = _MODELS.get(kind)
        with platform_context():
            row = None if model is None else _row(model, reference)
            if row is None:
                raise ProviderRefused("not_found", reference)
            said = list(queries.confirmations_of(row.pk))
            schema = row.tenant.schema_name if row.tenant else PUBLIC
            cancelled = kind is ObjectKind.PAYMENT and row.state == Payment.State.CANCELLED
        state, money = "pending", row.money
        most = max([row.minor_units, *(each.minor_units for each in said)])
        if said and len(said) >= queries.confirmations_needed(money_of(most, row.currency), schema):
            state = _DONE[kind] if said[0].happened else "failed"
            if said[0].happened:
                money = money_of(said[0].minor_units, said[0].currency)
        elif cancelled:
            state = "cancelled"
        failure = "not_received" if state == "failed" else ""
        return Snapshot(kind=kind, reference=reference, state=state, money=money, failure_code=failure)

    def cancel(self, reference: str) -> Snapshot:
        """Nobody has to be told."""
        now = self.fetch(ObjectKind.PAYMENT, reference)
        if now.state != "pending":
            return now
        return Snapshot(
            kind=ObjectKind.PAYMENT,
            reference=reference,
            state="cancelled",
            money=now.money,
            failure_code="cancelled",
        )

    def refund(self, intent: RefundIntent, *, idempotency_key: str) -> Snapshot:
        """To be made at the bank by staff."""
        return Snapshot(
            kind=ObjectKind.REFUND, reference=str(intent.refund_id), state="pending", money=intent.money
        )

    def payout(self, intent: PayoutIntent, *, idempotency_key: str) -> Snapshot:
        """To be made at the bank by staff."""
        return Snapshot(
            kind=ObjectKind.PAYOUT, reference=str(intent.payout_id), state="pending", money=intent.money
        )

    def inbound(self, notification: Inbound) -> InboundReference | None:
        """No bank notifies us."""
        raise InboundRefused("signature")

    def check(self) -> str:
        """The account's number, if it can be one."""
        check_settings(self._account.settings)
        return rules.in_groups(str(self._account.settings["iban"]))


def _row(model: type[Any], reference: str) -> Any:
    try:
        pk = UUID(reference)
    except ValueError:
        return None
    return model._default_manager.select_related("tenant").filter(pk=pk).first()


def valid_iban(text: str, field: str = "iban") -> str:
    """An IBAN without spaces whose check digits hold. Raises DomainError naming the field."""
    try:
        return str(iban.validate(text, check_country=False))
    except ValidationError:
        raise DomainError(
            "payments.iban", _("This is no IBAN: a letter or digit is wrong or missing."), field=field
        ) from None


def check_settings(given: Mapping[str, str]) -> None:
    """Raises DomainError naming the field that no bank would accept."""
    valid_iban(given.get("iban", ""))
    if given.get("bic"):
        try:
            bic.validate(given["bic"])
        except ValidationError:
            raise DomainError("payments.bic", _("This is no BIC."), field="bic") from None


def check_destination(given: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Whose account money goes to; shown are the country and the last four characters."""
    number = valid_iban(given.get("iban", ""))
    holder = given.get("account_holder", "").strip()
    if not 2 <= len(holder) <= 70 or not holder.isprintable():
        raise DomainError("payments.holder", _("Name the account's holder."), field="account_holder")
    return {"iban": number, "account_holder": holder}, f"{number[:4]} … {number[-4:]}"


_IBAN = ConfigField(name="iban", label="IBAN")
_HOLDER = ConfigField(name="account_holder", label=gettext_lazy("Account holder"))
TYPE: Final = ProviderType(
    name=NAME,
    label=gettext_lazy("Bank transfer"),
    capabilities=frozenset(
        {Capability.REFUND, Capability.PARTIAL_REFUND, Capability.PAYOUT, Capability.STAFF}
    ),
    currencies=tuple(code for code in MINOR_DIGITS if code not in _NOT_AT_BANKS),
    fields=(
        _HOLDER,
        _IBAN,
        ConfigField(name="bic", label="BIC", is_required=False),
        ConfigField(name="bank_name", label=gettext_lazy("Bank"), is_required=False),
    ),
    build=ManualTransfers,
    check_settings=check_settings,
    check_destination=check_destination,
    destination_fields=(_HOLDER, _IBAN),
    has_webhooks=False,
)
