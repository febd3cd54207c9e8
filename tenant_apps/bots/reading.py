"""A decision in words: the sentence, the inputs and the thresholds as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shared_apps.access.actors import Actor
from shared_apps.ui.formatting import format_number
from tenant_apps.trading.models import Order
from tenant_apps.trading.queries import visible_orders

from .models import Bot, Decision
from .strategies.params import params_schema
from .strategies.registry import UnknownStrategy, sentence_template, strategy_type

LABELS: Mapping[str, Any] = {
    "close": gettext_lazy("Close of the candle"),
    "fast": gettext_lazy("Fast average"),
    "slow": gettext_lazy("Slow average"),
    "fast_before": gettext_lazy("Fast average, one candle before"),
    "slow_before": gettext_lazy("Slow average, one candle before"),
    "position": gettext_lazy("Position held"),
    "order": gettext_lazy("Order"),
    "side": gettext_lazy("Side"),
    "working": gettext_lazy("Still working"),
    "relation": gettext_lazy("Fast average is"),
    "bars": gettext_lazy("Candles closed"),
    "needed": gettext_lazy("Candles needed"),
    "fast_period": gettext_lazy("Fast period"),
    "slow_period": gettext_lazy("Slow period"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A decision as the why panel shows it."""

    decision: Decision
    sentence: str
    inputs: list[tuple[str, str]]
    thresholds: list[tuple[str, str]]
    orders: list[Order]

    @property
    def css(self) -> str:
        """The colour of the sentence: what was ordered, or nothing."""
        return f"is-{self.orders[0].side}" if self.orders else "is-none"


def sentence_of(decision: Decision) -> str:
    """The decision's sentence in the reader's language; the stored one if its strategy is gone."""
    try:
        template = sentence_template(decision.strategy_version.strategy, decision.rule)
    except (UnknownStrategy, KeyError):
        return decision.sentence
    values = {**decision.inputs, **decision.thresholds}
    return _(template).format(**{name: _shown(value) for name, value in values.items()})


def read_decision(actor: Actor, decision: Decision) -> Reading:
    """The decision with the orders that followed, as far as the actor may see them."""
    orders = list(visible_orders(actor).filter(pk__in=decision.order_ids)) if decision.order_ids else []
    return Reading(
        decision=decision,
        sentence=sentence_of(decision),
        inputs=_named(decision.inputs),
        thresholds=_named(decision.thresholds),
        orders=orders,
    )


def _named(values: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(str(LABELS.get(name, name.replace("_", " "))), _shown(value)) for name, value in values.items()]


#: Values that stand inside a sentence.
_WORDS = {
    "above": pgettext_lazy("one average and another", "above"),
    "below": pgettext_lazy("one average and another", "below"),
    "equal to": pgettext_lazy("one average and another", "equal to"),
}


def _shown(value: object) -> str:
    """Numbers in the reader's writing, everything else as it is."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    try:
        return format_number(Decimal(str(value)))
    except (InvalidOperation, ValueError):
        return str(_WORDS.get(str(value), value))


def strategy_label(bot: Bot) -> str:
    """A strategy's name; its key if it is gone."""
    try:
        return _(strategy_type(bot.strategy_version.strategy).label)
    except UnknownStrategy:
        return bot.strategy_version.strategy


def named_params(bot: Bot) -> list[tuple[str, str]]:
    """A bot's parameters with their names."""
    try:
        kind = strategy_type(bot.strategy_version.strategy)
    except UnknownStrategy:
        return _named(bot.strategy_version.params)
    properties: Any = params_schema(kind.params_type)["properties"]
    return [
        (_(properties[name]["title"]) if name in properties else name, _shown(value))
        for name, value in bot.strategy_version.params.items()
    ]
