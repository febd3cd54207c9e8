"""The form of a new bot: what it trades, and the parameters that its strategy declares."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.actors import Actor
from shared_apps.core.errors import DomainError
from shared_apps.market_data.models import Instrument
from shared_apps.market_data.queries import available_intervals, visible_instruments
from shared_apps.ui.forms import add_domain_error
from tenant_apps.trading_accounts.queries import own_accounts, visible_accounts

from .strategies.base import Strategy
from .strategies.params import params_schema

PREFIX = "param_"


class BotForm(forms.Form):
    """Reads text; the service checks the rules, so API and page refuse with the same words."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    trading_account = forms.ChoiceField(label=gettext_lazy("Trading account"))
    symbol = forms.ChoiceField(label=gettext_lazy("Instrument"))
    interval = forms.ChoiceField(label=gettext_lazy("Candles of"))

    def __init__(self, *args: Any, actor: Actor, strategy: type[Strategy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = visible_accounts(actor).filter(own_accounts(actor)).order_by("name")
        instruments = list(visible_instruments(actor).order_by("symbol"))
        intervals = {each: None for instrument in instruments for each in available_intervals(instrument)}
        self._choose("trading_account", [(str(each.pk), each.name) for each in mine])
        self._choose("symbol", [(each.symbol, _titled(each)) for each in instruments])
        self._choose("interval", [(each.value, each.value) for each in intervals])
        self._properties: dict[str, dict[str, Any]] = params_schema(strategy.params_type)["properties"]  # type: ignore[assignment]
        for name, schema in self._properties.items():
            self.fields[f"{PREFIX}{name}"] = _field_of(schema)

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def param_fields(self) -> list[forms.BoundField]:
        """The strategy's parameters as form fields, in their order."""
        return [self[f"{PREFIX}{name}"] for name in self._properties]

    def params(self) -> dict[str, object]:
        """The parameters as the API would get them."""
        return {name: self.cleaned_data[f"{PREFIX}{name}"] for name in self._properties}

    def add_refusal(self, error: DomainError) -> None:
        """The service's words, beside the field that they are about."""
        error.details = {name.replace("params.", PREFIX, 1): texts for name, texts in error.details.items()}
        add_domain_error(self, error)


def _titled(instrument: Instrument) -> str:
    """The symbol, and the name where it says more."""
    if instrument.name in ("", instrument.symbol):
        return instrument.symbol
    return f"{instrument.symbol} · {instrument.name}"


def _field_of(schema: dict[str, Any]) -> forms.Field:
    common: dict[str, Any] = {"label": _(schema["title"]), "help_text": _(schema.get("description", ""))}
    if schema["type"] == "boolean":
        return forms.BooleanField(required=False, initial=schema["default"], **common)
    if schema["type"] == "integer":
        return forms.IntegerField(
            initial=schema["default"],
            min_value=schema.get("minimum"),
            max_value=schema.get("maximum"),
            **common,
        )
    low = schema.get("minimum")
    return forms.DecimalField(
        initial=Decimal(schema["default"]), min_value=None if low is None else Decimal(low), **common
    )
