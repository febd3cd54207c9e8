"""Forms of wallets' pages; services judge what is in them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.core.money import MINOR_DIGITS, Money
from tenant_apps.wallet import history, options, queries
from tenant_apps.wallet.models import PayoutDestination
from tenant_apps.wallet.rules.limits import read_weights
from tenant_apps.wallet.services.standing import REASON_LENGTH


def currencies() -> list[str]:
    """The currencies of wallets here."""
    return list(read_weights(options.CURRENCIES.value()))


class MoneyForm(forms.Form):
    """An amount with its currency. ``key`` makes a form that is sent twice one request."""

    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    key = forms.CharField(max_length=80, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("key", str(uuid4()))
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(each, each) for each in currencies()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Both together are the amount; it is never rounded."""
        cleaned: dict[str, Any] = super().clean() or {}
        text, currency = cleaned.get("amount", ""), cleaned.get("currency", "")
        if text and currency:
            try:
                cleaned["money"] = read_amount(text, currency)
            except ValueError as error:
                self.add_error("amount", str(error))
        return cleaned


def read_amount(text: str, currency: str) -> Money:
    """What a person typed, with a comma or a point. Raises ValueError with a sentence for people."""
    plain = text.strip().replace("\N{NARROW NO-BREAK SPACE}", "").replace(" ", "").replace(",", ".")
    digits = MINOR_DIGITS[currency]
    whole, _point, part = plain.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 20 and (part == "" or part.isdigit())):
        raise ValueError(_("Write an amount like 12.34."))
    if len(part.rstrip("0")) > digits:
        raise ValueError(
            _("%(currency)s has at most %(digits)d digits after the point.")
            % {"currency": currency, "digits": digits}
        )
    return Money(Decimal(f"{whole}.{part or 0}"), currency).rounded()


class DepositForm(MoneyForm):
    """How much, by which way."""

    configuration = forms.ChoiceField(label=gettext_lazy("Pay with"))

    field_order = ("configuration", "amount", "currency")

    def __init__(self, *args: Any, ways: list[tuple[queries.Way, list[str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["configuration"].choices = [  # type: ignore[attr-defined]
            (str(way.configuration_id), f"{way.name} ({', '.join(taken)})") for way, taken in ways
        ]


class WithdrawalForm(MoneyForm):
    """How much, to where."""

    destination = forms.ChoiceField(label=gettext_lazy("To"))

    field_order = ("destination", "amount", "currency")

    def __init__(self, *args: Any, destinations: list[PayoutDestination], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["destination"].choices = [  # type: ignore[attr-defined]
            (str(each.pk), str(each)) for each in destinations
        ]


class TransferForm(MoneyForm):
    """How much, to whom."""

    recipient = forms.EmailField(
        label=gettext_lazy("E-mail address of the member"), help_text=gettext_lazy("Of this organisation.")
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=140, required=False)

    field_order = ("recipient", "amount", "currency", "note")


class DestinationForm(forms.Form):
    """A new place to be paid out to."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=PayoutDestination.Kind.choices)
    address = forms.CharField(
        label=gettext_lazy("IBAN, address or number"),
        max_length=140,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    holder = forms.CharField(
        label=gettext_lazy("Account holder"),
        max_length=70,
        required=False,
        help_text=gettext_lazy("For bank accounts."),
    )
    bank = forms.CharField(
        label=gettext_lazy("Number of the bank in SBP"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("For phone numbers, like 100000000111."),
    )
    label = forms.CharField(label=gettext_lazy("Your name for it"), max_length=60, required=False)


class HistoryForm(forms.Form):
    """What to look for; empty means everything. Days are whole days in UTC."""

    currency = forms.ChoiceField(label=gettext_lazy("Currency"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    member = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everything = ("", _("all"))
        self.fields["currency"].choices = [everything, *((each, each) for each in MINOR_DIGITS)]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [everything, *history.kinds()]  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=REASON_LENGTH)
