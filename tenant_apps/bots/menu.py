"""What this app adds to the menu, the dashboard and the first steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shared_apps.access.pages import actor_of, may
from shared_apps.ui.dashboard import Panel, Place, Step, register_panel, register_step
from shared_apps.ui.navigation import Item, register

from .models import Bot, Decision
from .queries import own_bots, visible_bots
from .reading import sentence_of
from .rules import AT_WORK

SHOWN = 8


def register_menu() -> None:
    """The list of bots; bots and their latest decisions on the dashboard; making and starting one."""
    register(
        Item(
            url_name="bots:list",
            label=_("Bots"),
            icon="robot",
            permission="bots.view_bot",
            group="trading",
            order=10,
            mobile=True,
        )
    )
    for name, place, build, topics, order in (
        ("bots", Place.MAIN, _bots, ("trades", "market"), 10),
        ("bot-count", Place.TILES, _count, ("trades",), 30),
        ("decisions", Place.ASIDE, _decisions, ("trades", "market"), 10),
    ):
        register_panel(
            Panel(
                name=name,
                place=place,
                template=f"dashboard/{name}.html",
                permission="bots.view_bot",
                build=build,
                topics=topics,
                order=order,
            )
        )
    register_step(
        Step(
            name="bots.create",
            label=_("Create a bot"),
            text=_("It writes down the reason of every decision, also of doing nothing."),
            action=_("Create"),
            url_name="bots:new",
            permission="bots.create_bot",
            is_done=_has_bot,
            order=20,
        )
    )
    register_step(
        Step(
            name="bots.start",
            label=_("Start it"),
            text=_("From the next candle on it decides; its page shows the reasons live."),
            action=_("Bots"),
            url_name="bots:list",
            permission="bots.control_bot",
            is_done=_has_running_bot,
            order=30,
        )
    )


def _bots(request: HttpRequest) -> Mapping[str, Any]:
    bots = list(visible_bots(actor_of(request)).order_by("name", "id")[:SHOWN])
    return {
        "bots": bots,
        "symbols": sorted({bot.symbol for bot in bots}),
        "may_create": may(request, "bots.create_bot"),
    }


def _count(request: HttpRequest) -> Mapping[str, Any]:
    bots = visible_bots(actor_of(request))
    return {"running": bots.filter(status__in=sorted(AT_WORK)).count(), "total": bots.count()}


def _decisions(request: HttpRequest) -> Mapping[str, Any]:
    bots = visible_bots(actor_of(request)).values("pk")
    rows = Decision.objects.filter(bot__in=bots).select_related("bot", "strategy_version")
    latest = list(rows.order_by("-created_at", "-id")[:SHOWN])
    return {
        "decisions": [(decision, sentence_of(decision)) for decision in latest],
        "symbols": sorted({decision.bot.symbol for decision in latest}),
    }


def _has_bot(request: HttpRequest) -> bool:
    return Bot.objects.filter(own_bots(actor_of(request))).exists()


def _has_running_bot(request: HttpRequest) -> bool:
    rows = Bot.objects.filter(own_bots(actor_of(request)))
    return rows.filter(last_bar_opened_at__isnull=False).exists()
