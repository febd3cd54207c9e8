"""The step from one closed bar to one decision: the same for backtest, paper and live."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shared_apps.market_data.rules import InstrumentSpec
from tenant_apps.bots.strategies.base import (
    COMMON_SENTENCES,
    WARM_UP,
    Context,
    OrderIntent,
    Portfolio,
    Strategy,
    StrategyError,
    Why,
)
from tenant_apps.bots.strategies.indicators import Frame
from tenant_apps.bots.strategies.params import dump_params


@dataclass(frozen=True, slots=True)
class BarDecision:
    """What a strategy decided on one bar and why; without intents it is a "no trade".

    `inputs_hash` commits to strategy, version, parameters, bar, inputs and thresholds, so that a record
    can be checked against a recomputation.
    """

    bar_opened_at: datetime
    rule: str
    inputs: Mapping[str, object]
    thresholds: Mapping[str, object]
    sentence: str
    intents: tuple[OrderIntent, ...]
    inputs_hash: str


def decide(strategy: Strategy, frame: Frame, *, spec: InstrumentSpec, portfolio: Portfolio) -> BarDecision:
    """Let `strategy` decide on the bar under the frame's cursor. Raises StrategyError when it gives no
    reason."""
    ctx = Context(spec=spec, frame=frame, portfolio=portfolio)
    closed = frame.cursor + 1
    if closed < strategy.warmup:
        ctx.hold(why=Why(WARM_UP, thresholds={"needed": strategy.warmup}, bars=closed))
    else:
        strategy.on_bar(ctx, frame.bar)
    if ctx.why is None:
        raise StrategyError(f"{strategy.key} gave no reason for the bar of {frame.bar.opened_at}")
    why = ctx.why
    return BarDecision(
        bar_opened_at=frame.bar.opened_at,
        rule=why.rule,
        inputs=why.inputs,
        thresholds=why.thresholds,
        sentence=explain(strategy, why),
        intents=tuple(ctx.intents),
        inputs_hash=_inputs_hash(strategy, frame, why),
    )


def explain(strategy: Strategy, why: Why) -> str:
    """Return the English sentence of a reason."""
    template = strategy.sentences.get(why.rule) or COMMON_SENTENCES[why.rule]
    return template.format(**why.inputs, **why.thresholds)


def _inputs_hash(strategy: Strategy, frame: Frame, why: Why) -> str:
    bar = frame.bar
    content = {
        "strategy": strategy.key,
        "version": strategy.version,
        "params": dump_params(strategy.params),
        "bar": [
            bar.opened_at.astimezone(UTC).isoformat(),
            bar.interval,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
        ],
        "rule": why.rule,
        "inputs": why.inputs,
        "thresholds": why.thresholds,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
