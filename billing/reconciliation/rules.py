"""Comparing what should have been booked with what was: pure, amounts in whole minor units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: Purposes whose money the ledgers book; apps that book others add theirs (``services.register_booked``).
BOOKED: Final = ("deposit", "withdrawal")
#: Accounts of money that lies with providers.
OUTSIDE: Final = "clearing:"
#: Keys of the demo's own postings, which no payment stands behind.
DEMO: Final = "demo:"


class Cause(StrEnum):
    """Why books differ."""

    LEDGER_INTERNAL = "ledger_internal"
    """A stored balance, hold or running balance is not what its entries say."""
    LEDGER_UNBALANCED = "ledger_unbalanced"
    """All balances of an asset do not sum to zero."""
    MISSING_POSTING = "missing_posting"
    """Money moved at the provider and in our payments; the ledger knows nothing of it."""
    POSTING_DIFFERS = "posting_differs"
    """The ledger booked another amount, or on another account."""
    UNKNOWN_POSTING = "unknown_posting"
    """The ledger booked money at a provider that no payment of ours moved."""
    MISSING_AT_PROVIDER = "missing_at_provider"
    """The provider does not know what our payment says it did."""
    STATE_DIFFERS = "state_differs"
    """The provider calls it ended otherwise than we do."""
    AMOUNT_DIFFERS = "amount_differs"
    """The provider moved another amount."""
    UNKNOWN_AT_PROVIDER = "unknown_at_provider"
    """The provider moved money that we know nothing of."""
    SETTLEMENT_DIFFERS = "settlement_differs"
    """What a tenant's ledger settled with the platform is not what the platform's ledger says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Money at a provider: ``minor_units`` as the clearing account ``code`` should see it, by ledger key."""

    key: str
    kind: str
    object_id: str
    code: str
    asset: str
    minor_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What one posting did to one account outside."""

    key: str
    code: str
    asset: str
    minor_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference, to the minor unit."""

    cause: Cause
    key: str
    asset: str = ""
    expected: int | None = None
    found: int | None = None
    kind: str = ""
    object_id: str = ""
    note: str = ""


def compare_booked(movements: Iterable[Movement], booked: Mapping[str, list[Booked]]) -> list[Finding]:
    """Each movement against the postings of its key: there, on its account, in its asset, to the unit."""
    findings = []
    for each in movements:
        legs = booked.get(each.key)
        right = sum(leg.minor_units for leg in legs or () if (leg.code, leg.asset) == (each.code, each.asset))
        elsewhere = [leg for leg in legs or () if (leg.code, leg.asset) != (each.code, each.asset)]
        if legs and right == each.minor_units and not elsewhere:
            continue
        findings.append(
            Finding(
                cause=Cause.MISSING_POSTING if legs is None else Cause.POSTING_DIFFERS,
                key=each.key,
                asset=each.asset,
                expected=each.minor_units,
                found=None if legs is None else right,
                kind=each.kind,
                object_id=each.object_id,
                note=", ".join(sorted(f"{leg.code} {leg.minor_units} {leg.asset}" for leg in elsewhere))[
                    :300
                ],
            )
        )
    return findings


def unexpected(booked: Iterable[Booked], known: frozenset[str] | set[str]) -> list[Finding]:
    """Postings on accounts outside whose keys belong to no movement of ours."""
    return [
        Finding(
            cause=Cause.UNKNOWN_POSTING,
            key=each.key,
            asset=each.asset,
            found=each.minor_units,
            note=each.code,
        )
        for each in booked
        if each.key not in known
    ]


def compare_remote(
    *, key: str, kind: str, object_id: str, ours: tuple[str, str, int], theirs: tuple[str, str, int]
) -> Finding | None:
    """Our row against the provider's object, each as (state, asset, minor units): None where they agree."""
    if ours == theirs:
        return None
    cause = Cause.STATE_DIFFERS if ours[0] != theirs[0] else Cause.AMOUNT_DIFFERS
    note = "" if ours[:2] == theirs[:2] else f"{ours[0]} {ours[1]} / {theirs[0]} {theirs[1]}"
    return Finding(
        cause=cause,
        key=key,
        asset=ours[1],
        expected=ours[2],
        found=theirs[2],
        kind=kind,
        object_id=object_id,
        note=note,
    )


def settlement(tenant: Mapping[str, int], platform: Mapping[str, int], name: str) -> list[Finding]:
    """What a tenant settled and what the platform holds against it sum to zero in each asset."""
    return [
        Finding(
            cause=Cause.SETTLEMENT_DIFFERS,
            key=name,
            asset=asset,
            expected=-platform.get(asset, 0),
            found=tenant.get(asset, 0),
        )
        for asset in sorted({*tenant, *platform})
        if tenant.get(asset, 0) + platform.get(asset, 0)
    ]


def total_settled(checks: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, dict[str, str]]:
    """All tenants, the platform, and their sum, by asset: the sum is zero."""
    tenants: dict[str, int] = defaultdict(int)
    platform: dict[str, int] = defaultdict(int)
    for check in checks:
        for asset, (ours, theirs) in check.items():
            tenants[asset] += int(ours)
            platform[asset] += int(theirs)
    return {
        asset: {
            "tenants": str(tenants[asset]),
            "platform": str(platform[asset]),
            "sum": str(tenants[asset] + platform[asset]),
        }
        for asset in sorted(tenants)
    }
