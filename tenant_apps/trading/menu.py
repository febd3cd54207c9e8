"""What this app adds to the dashboard and to the first steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shared_apps.access.pages import actor_of, may
from shared_apps.ui.dashboard import Panel, Place, Step, register_panel, register_step

from . import overview
from .queries import visible_executions


def register_menu() -> None:
    """Worth and open positions, and the first trade."""
    register_panel(
        Panel(
            name="worth",
            place=Place.TILES,
            template="dashboard/worth.html",
            permission="trading.view_position",
            build=_worth,
            topics=("trades", "portfolio"),
            order=10,
        )
    )
    register_panel(
        Panel(
            name="positions",
            place=Place.MAIN,
            template="dashboard/positions.html",
            permission="trading.view_position",
            build=_positions,
            topics=("trades", "portfolio"),
            order=20,
        )
    )
    register_step(
        Step(
            name="trading.first_trade",
            label=_("See the first trade"),
            text=_("Let a bot run, or place an order by hand from an account's page."),
            action=_("Accounts"),
            url_name="trading_accounts:list",
            permission="trading.place_order",
            is_done=_has_traded,
            order=40,
        )
    )


def _worth(request: HttpRequest) -> Mapping[str, Any]:
    actor = actor_of(request)
    positions = overview.marked_positions(actor)
    return {"worths": overview.worth_of_everything(actor, positions), "open_count": len(positions)}


def _positions(request: HttpRequest) -> Mapping[str, Any]:
    return {
        "positions": overview.marked_positions(actor_of(request)),
        "may_close": False,
        "show_account": True,
        "may_trade": may(request, "trading.place_order"),
    }


def _has_traded(request: HttpRequest) -> bool:
    actor = actor_of(request)
    return visible_executions(actor).filter(Q(trading_account__member_id=actor.member_id)).exists()
