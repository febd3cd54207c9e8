"""The strategies that a bot can run. Built in only: a user's own Python is arbitrary code and stays out."""

from __future__ import annotations

from collections.abc import Mapping

from tenant_apps.bots.strategies.base import COMMON_SENTENCES, Strategy
from tenant_apps.bots.strategies.params import dump_params, parse_params
from tenant_apps.bots.strategies.sma_cross import SmaCross

_STRATEGIES: dict[str, type[Strategy]] = {SmaCross.key: SmaCross}


class UnknownStrategy(LookupError):
    """No strategy has this key."""


def strategy_types() -> tuple[type[Strategy], ...]:
    """Return every strategy, by key."""
    return tuple(_STRATEGIES[key] for key in sorted(_STRATEGIES))


def strategy_type(key: str) -> type[Strategy]:
    """Return one strategy. Raises UnknownStrategy."""
    try:
        return _STRATEGIES[key]
    except KeyError:
        raise UnknownStrategy(key) from None


def build_strategy(key: str, raw_params: Mapping[str, object]) -> Strategy:
    """Return a strategy with its parameters. Raises UnknownStrategy and InvalidParams."""
    kind = strategy_type(key)
    return kind(parse_params(kind.params_type, raw_params))


def full_params(key: str, raw_params: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters with every default written out, as they are stored with a bot."""
    return dump_params(parse_params(strategy_type(key).params_type, raw_params))


def sentence_template(key: str, rule: str) -> str:
    """Return the sentence (a message id) by which a strategy explains one of its rules."""
    return strategy_type(key).sentences.get(rule) or COMMON_SENTENCES[rule]
