"""The assumptions of the paper venue. Every report on paper trading shows them (`PaperModel.assumptions`)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation


def unit_noise(*parts: object) -> float:
    """Return a number in [0, 1) that depends on nothing but `parts`, so that a run replays exactly."""
    text = "|".join(
        part.astimezone(UTC).isoformat() if isinstance(part, datetime) else str(part) for part in parts
    )
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


@dataclass(frozen=True, slots=True)
class PaperModel:
    """How the simulated market treats an order.

    `spread_ticks`: distance of bid and ask around the bar's price. `slippage`: k in
    k·spread·√(quantity/volume). `fee_rate`: share of the notional, in the quote currency.
    `participation_percent`: how much of a bar's volume one account may take. `seed`: where the noise of
    the slippage begins.
    """

    spread_ticks: int = 2
    slippage: Decimal = Decimal("1")
    fee_rate: Decimal = Decimal("0.001")
    participation_percent: int = 10
    seed: str = "paper"

    def assumptions(self) -> dict[str, str]:
        """Return the assumptions as names and values for a report."""
        return {item.name: str(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> PaperModel:
        """Build the model from an account's settings (JSON). Raises ValueError naming what is wrong."""
        _refuse_unknown(settings, {item.name for item in fields(cls)})
        default = cls()
        seed = settings.get("seed", default.seed)
        if not isinstance(seed, str) or not 1 <= len(seed) <= 64:
            raise ValueError("seed must be 1 to 64 characters")
        return cls(
            spread_ticks=int(_bounded(settings, "spread_ticks", default.spread_ticks, 0, 10_000, whole=True)),
            slippage=_bounded(settings, "slippage", default.slippage, 0, 1_000),
            fee_rate=_bounded(settings, "fee_rate", default.fee_rate, 0, 1),
            participation_percent=int(
                _bounded(settings, "participation_percent", default.participation_percent, 1, 100, whole=True)
            ),
            seed=seed,
        )


def _refuse_unknown(settings: Mapping[str, object], known: set[str]) -> None:
    unknown = sorted(set(settings) - known)
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")


def _bounded(
    settings: Mapping[str, object],
    name: str,
    default: Decimal | float,
    low: int,
    high: int,
    *,
    whole: bool = False,
) -> Decimal:
    """Return a setting as a number within bounds. Raises ValueError naming it."""
    raw = settings.get(name, default)
    try:
        value = Decimal(str(raw))
    except InvalidOperation:
        raise ValueError(f"{name} must be a number") from None
    if isinstance(raw, bool) or not value.is_finite() or not low <= value <= high:
        raise ValueError(f"{name} must be between {low} and {high}")
    if whole and value != value.to_integral_value():
        raise ValueError(f"{name} must be a whole number")
    return value


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong on purpose, each as a share of orders from 0 to 1, chosen by a hash of the order's id.

    `reject`: the venue says no. `disconnect`: the order never arrives. `silent_execute`: the order is
    taken, the answer is lost. `delay_seconds`: how long an answer takes; longer than the caller waits is
    an answer lost.
    """

    reject: float = 0.0
    disconnect: float = 0.0
    silent_execute: float = 0.0
    delay_seconds: float = 0.0

    def strikes(self, kind: str, client_order_id: str) -> bool:
        """Tell whether the fault `kind` hits this order."""
        share = {"reject": self.reject, "disconnect": self.disconnect, "silent_execute": self.silent_execute}[
            kind
        ]
        return unit_noise("fault", kind, client_order_id) < share

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Faults:
        """Build the plan from an account's settings (JSON). Raises ValueError naming what is wrong."""
        _refuse_unknown(settings, {item.name for item in fields(cls)})
        limits = {"reject": 1, "disconnect": 1, "silent_execute": 1, "delay_seconds": 3600}
        return cls(**{name: float(_bounded(settings, name, 0, 0, high)) for name, high in limits.items()})
