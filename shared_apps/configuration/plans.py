"""Which plan a tenant is on, as far as options need to know: the app that sells plans says it."""

from __future__ import annotations

from collections.abc import Callable

#: Code of the plan that the tenant with this schema is on; "" for none. May read the database.
PlanOf = Callable[[str], str]
#: Codes of all plans with their names.
Plans = Callable[[], dict[str, str]]


class _Source:
    plan_of: PlanOf | None = None
    plans: Plans | None = None


def register_plans(*, plan_of: PlanOf, plans: Plans) -> None:
    """Name the look-ups; the last call wins. Until then no tenant has a plan."""
    _Source.plan_of, _Source.plans = staticmethod(plan_of), staticmethod(plans)


def plan_of(schema: str) -> str:
    """The tenant's plan, "" for none."""
    return "" if _Source.plan_of is None else _Source.plan_of(schema)


def all_plans() -> dict[str, str]:
    """Every plan by its code."""
    return {} if _Source.plans is None else _Source.plans()
