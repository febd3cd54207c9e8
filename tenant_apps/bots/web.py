"""Pages of bots: the list, a new one, and one bot with its chart, its trades and the reason of each bar."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import reaches
from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.errors import DomainError
from shared_apps.market_data.queries import find_instrument
from shared_apps.ui.formatting import format_number
from shared_apps.ui.toasts import add_toast
from tenant_apps.trading.overview import quote_of

from . import chart, services
from .forms import BotForm
from .models import Bot, Decision
from .queries import bot_to_act_on, executions_of, visible_bots, visible_decisions, visible_events
from .reading import named_params, read_decision, sentence_of, strategy_label
from .rules import TRANSITIONS, BotStatus, Verdict
from .strategies.registry import UnknownStrategy, strategy_type, strategy_types

PAGE_SIZE = 20
SHOWN = 25
_ACTIONS = {"start": BotStatus.RUNNING, "pause": BotStatus.PAUSED, "stop": BotStatus.STOPPED}


@page("bots.view_bot")
def bot_list(request: HttpRequest) -> HttpResponse:
    """The bots that the actor may see, each with its last decision."""
    bots = visible_bots(actor_of(request)).order_by("name", "id")
    shown = Paginator(bots, PAGE_SIZE).get_page(request.GET.get("page"))
    last = chart.last_decisions([bot.pk for bot in shown.object_list])
    context = {
        "breadcrumbs": [(_("Bots"), "")],
        "page": shown,
        "rows": [
            (bot, strategy_label(bot), sentence_of(last[bot.pk]) if bot.pk in last else "")
            for bot in shown.object_list
        ],
        "symbols": sorted({bot.symbol for bot in shown.object_list}),
        "may_create": may(request, "bots.create_bot"),
        "new_url": reverse("bots:new"),
    }
    part = "bots/bot_table.html" if request.headers.get("HX-Request") == "true" else "bots/bot_list.html"
    return render(request, part, context)


@page("bots.create_bot", post="bots.create_bot")
def bot_new(request: HttpRequest) -> HttpResponse:
    """Make a bot; it is created stopped."""
    actor = actor_of(request)
    try:
        kind = strategy_type(request.GET.get("strategy", strategy_types()[0].key))
    except UnknownStrategy as error:
        raise Http404(_("There is no such strategy.")) from error
    form = BotForm(request.POST or None, actor=actor, strategy=kind)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            cleaned = form.cleaned_data
            try:
                bot = services.create_bot(
                    actor=actor,
                    name=cleaned["name"],
                    trading_account_id=cleaned["trading_account"],
                    symbol=cleaned["symbol"],
                    interval=cleaned["interval"],
                    strategy=kind.key,
                    params=form.params(),
                )
            except DomainError as error:
                form.add_refusal(error)
            else:
                add_toast(request, _("%(name)s is ready; start it when you like.") % {"name": bot.name})
                return redirect("bots:detail", bot.pk)
    context = {
        "breadcrumbs": [(_("Bots"), reverse("bots:list")), (_("New bot"), "")],
        "form": form,
        "strategy": {"label": _(kind.label), "description": _(kind.description)},
        "has_account": bool(form.fields["trading_account"].choices),  # type: ignore[attr-defined]
        "account_url": reverse("trading_accounts:new"),
    }
    return render(request, "bots/bot_new.html", context, status=status)


@page("bots.view_bot")
def bot_detail(request: HttpRequest, bot_id: UUID) -> HttpResponse:
    """One bot: chart with its trades, the reason of the latest bar, decisions, and what happened to it."""
    actor = actor_of(request)
    bot = bot_to_act_on(actor, "bots.view_bot", bot_id)
    context = _live_context(request, bot) | {
        "breadcrumbs": [(_("Bots"), reverse("bots:list")), (bot.name, "")],
        "subtitle": f"{strategy_label(bot)} · {bot.trading_account.name} · {bot.member.name}",
        "events": visible_events(actor, bot_id)[:SHOWN],
        "strategy": _strategy_words(bot),
        "params": named_params(bot),
        "candles": chart.candles(bot),
        "account_url": reverse("trading:account", args=[bot.trading_account_id])
        if may(request, "trading_accounts.view_account")
        else "",
    }
    if context["decisions"]:
        context["reading"] = read_decision(actor, context["decisions"][0][0])
    return render(request, "bots/bot_detail.html", context)


def _strategy_words(bot: Bot) -> dict[str, str]:
    try:
        kind = strategy_type(bot.strategy_version.strategy)
    except UnknownStrategy:
        return {"label": bot.strategy_version.strategy, "description": ""}
    return {"label": _(kind.label), "description": _(kind.description)}


@page("bots.view_bot")
def bot_live(request: HttpRequest, bot_id: UUID) -> HttpResponse:
    """The parts of the page that trading changes, each to be put in its place."""
    bot = bot_to_act_on(actor_of(request), "bots.view_bot", bot_id)
    context = _live_context(request, bot)
    if request.GET.get("follow") == "1" and context["decisions"]:
        context["reading"] = read_decision(actor_of(request), context["decisions"][0][0])
    return render(request, "bots/bot_live.html", context)


def _live_context(request: HttpRequest, bot: Bot) -> dict[str, Any]:
    actor = actor_of(request)
    decisions = visible_decisions(actor, bot.pk)
    trades_only = request.GET.get("trades") == "1"
    rows = decisions.exclude(verdict=Verdict.NO_TRADE) if trades_only else decisions
    executions = executions_of(bot)
    return {
        "bot": bot,
        "instrument": find_instrument(bot.symbol),
        "digits": quote_of(bot.symbol).digits,
        "tiles": _tiles(actor, bot),
        "decisions": [(each, sentence_of(each)) for each in rows[:SHOWN]],
        "trades_only": trades_only,
        "executions": list(executions[:SHOWN]),
        "trades": chart.trades(actor, bot),
        "may_operate": reaches(actor, "bots.control_bot", bot.member_id == actor.member_id),
        "may_see_shares": reaches(actor, "bots.view_share", bot.member_id == actor.member_id),
        "actions": [name for name, new in _ACTIONS.items() if new in TRANSITIONS[BotStatus(bot.status)]],
    }


def _tiles(actor: Actor, bot: Bot) -> list[dict[str, str]]:
    summary = chart.summary(actor, bot)
    tone = "up" if summary.realised > 0 else "down" if summary.realised < 0 else ""
    return [
        {"label": _("Holds"), "value": format_number(summary.held), "unit": summary.base, "tone": ""},
        {
            "label": _("Realised"),
            "value": format_number(summary.realised, 2, signed=True),
            "unit": summary.currency,
            "tone": tone,
            "note": _("before fees of %(fees)s") % {"fees": format_number(summary.fees, 2)},
        },
        {"label": _("Trades"), "value": format_number(summary.executions), "unit": "", "tone": ""},
        {"label": _("Decisions"), "value": format_number(summary.decisions), "unit": "", "tone": ""},
    ]


@page("bots.view_bot")
def why(request: HttpRequest, bot_id: UUID, decision_id: UUID) -> HttpResponse:
    """The reason of one decision."""
    decision = visible_decisions(actor_of(request), bot_id).filter(pk=decision_id).first()
    return _why(request, decision)


@page("bots.view_bot")
def why_of_order(request: HttpRequest, bot_id: UUID, order_id: UUID) -> HttpResponse:
    """The reason of the order behind a marker of the chart."""
    decision = visible_decisions(actor_of(request), bot_id).filter(order_ids__contains=[order_id]).first()
    return _why(request, decision)


def _why(request: HttpRequest, decision: Decision | None) -> HttpResponse:
    if decision is None:
        raise Http404(_("There is no such decision."))
    context: dict[str, Any] = {"reading": read_decision(actor_of(request), decision)}
    if request.headers.get("HX-Request") == "true":
        return render(request, "bots/why.html", context)
    bot = bot_to_act_on(actor_of(request), "bots.view_bot", decision.bot_id)
    here = reverse("bots:detail", args=[bot.pk])
    context["breadcrumbs"] = [(_("Bots"), reverse("bots:list")), (bot.name, here), (_("Why"), "")]
    return render(request, "bots/why_page.html", context)


@page("bots.control_bot", post="bots.control_bot")
def control(request: HttpRequest, bot_id: UUID, action: str) -> HttpResponse:
    """Start, pause or stop."""
    bot_to_act_on(actor_of(request), "bots.control_bot", bot_id)
    if request.method == "POST":
        command = {"start": services.start_bot, "pause": services.pause_bot, "stop": services.stop_bot}[
            action
        ]
        try:
            bot = command(actor=actor_of(request), bot_id=bot_id)
        except DomainError as error:
            if error.status in (403, 404):
                raise
            add_toast(request, error.message, "error")
        else:
            texts = {
                BotStatus.RUNNING: _("%(name)s is running."),
                BotStatus.PAUSED: _("%(name)s enters no more positions."),
                BotStatus.STOPPED: _("%(name)s is stopped."),
            }
            add_toast(request, texts[BotStatus(bot.status)] % {"name": bot.name})
    return redirect("bots:detail", bot_id)
