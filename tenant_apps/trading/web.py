"""Pages of trading: an account with what happens in it, and the order ticket."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import reaches
from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.errors import DomainError
from shared_apps.market_data.queries import get_instrument, visible_instruments
from shared_apps.ui.formatting import format_number
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast, toast_header
from tenant_apps.trading_accounts.models import TradingAccount
from tenant_apps.trading_accounts.queries import account_to_act_on, visible_accounts

from . import overview, services
from .queries import visible_executions, visible_orders, visible_positions
from .rules.states import CANCELABLE_AT_VENUE, CANCELABLE_LOCALLY

SHOWN = 25


class TicketForm(forms.Form):
    """A market order by hand. The rules check the numbers; the form only reads them."""

    side = forms.ChoiceField(choices=[("buy", gettext_lazy("Buy")), ("sell", gettext_lazy("Sell"))])
    symbol = forms.ChoiceField(label=gettext_lazy("Instrument"))
    quantity = forms.CharField(label=gettext_lazy("Quantity"), max_length=40)
    key = forms.CharField(required=False, max_length=26)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        symbols = visible_instruments(actor).order_by("symbol").values_list("symbol", "name")
        self.fields["symbol"].choices = [(symbol, symbol) for symbol, _name in symbols]  # type: ignore[attr-defined]


@page("trading_accounts.view_account")
def account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """One account: worth, positions, orders, fills, and the ticket for who may trade on it."""
    actor = actor_of(request)
    shown = _visible(actor, account_id)
    context = _account_context(request, shown) | {
        "breadcrumbs": [(_("Trading accounts"), reverse("trading_accounts:list")), (shown.name, "")],
        "subtitle": _("%(owner)s’s account at %(venue)s")
        % {"owner": shown.member.name, "venue": shown.venue},
    }
    if context["may_trade"]:
        context["form"] = TicketForm(actor=actor)
    return render(request, "trading/account_detail.html", context)


@page("trading_accounts.view_account")
def account_live(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The parts of an account that trading changes, each to be put in its place."""
    shown = _visible(actor_of(request), account_id)
    return render(request, "trading/account_live.html", _account_context(request, shown))


def _visible(actor: Actor, account_id: UUID) -> TradingAccount:
    account_to_act_on(actor, "trading_accounts.view_account", account_id)
    return visible_accounts(actor).get(pk=account_id)


def _account_context(request: HttpRequest, shown: TradingAccount) -> dict[str, Any]:
    actor = actor_of(request)
    positions = overview.marked_positions(actor, shown.pk)
    orders = list(visible_orders(actor).filter(trading_account=shown)[:SHOWN])
    cancelable = CANCELABLE_LOCALLY | CANCELABLE_AT_VENUE
    mine = shown.member_id == actor.member_id
    return {
        "account": shown,
        "tiles": _tiles(shown, positions),
        "positions": positions,
        "orders": orders,
        "cancelable": {order.pk for order in orders if order.status in cancelable},
        "executions": list(visible_executions(actor).filter(trading_account=shown)[:SHOWN]),
        "may_trade": mine and may(request, "trading.place_order"),
        "may_close": reaches(actor, "trading.close_position", mine),
        "may_cancel": reaches(actor, "trading.cancel_order", mine),
        "may_see_shares": reaches(actor, "trading_accounts.view_share", mine),
    }


def _tiles(shown: TradingAccount, positions: list[overview.MarkedPosition]) -> list[dict[str, str]]:
    tiles = []
    for worth in overview.worth_of([shown], positions):
        tone = "up" if worth.open_profit > 0 else "down" if worth.open_profit < 0 else ""
        tiles += [
            {
                "label": _("Equity"),
                "value": format_number(worth.equity, 2),
                "unit": worth.currency,
                "tone": "",
            },
            {"label": _("Cash"), "value": format_number(worth.cash, 2), "unit": worth.currency, "tone": ""},
            {
                "label": _("Open profit"),
                "value": format_number(worth.open_profit, 2, signed=True),
                "unit": worth.currency,
                "tone": tone,
            },
        ]
    tiles.append({"label": _("Open positions"), "value": str(len(positions)), "unit": "", "tone": ""})
    return tiles


@page("trading.place_order", post="trading.place_order")
def ticket(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Two steps: a review that sends nothing, then the order. The key makes a second press harmless."""
    actor = actor_of(request)
    shown = account_to_act_on(actor, "trading.place_order", account_id)
    if request.method != "POST":
        return redirect("trading:account", account_id)
    form = TicketForm(request.POST, actor=actor)
    step = request.POST.get("step")
    if step == "edit":
        return _ticket(request, shown, TicketForm(initial=request.POST.dict(), actor=actor))
    if not form.is_valid():
        return _ticket(request, shown, form, status=400)
    cleaned = form.cleaned_data
    try:
        if step != "place":
            preview = services.preview_order(actor=actor, trading_account_id=account_id, **_order(cleaned))
            return _review(request, shown, preview)
        order = services.place_order(
            actor=actor, trading_account_id=account_id, client_order_id=cleaned["key"], **_order(cleaned)
        )
    except DomainError as error:
        add_domain_error(form, error)
        return _ticket(request, shown, form, status=error.status if error.status < 403 else 400)
    message = _("The order over %(quantity)s %(symbol)s is on its way.") % {
        "quantity": format_number(order.quantity),
        "symbol": order.symbol,
    }
    if request.headers.get("HX-Request") != "true":
        add_toast(request, message)
        return redirect("trading:account", account_id)
    response = _ticket(request, shown, TicketForm(actor=actor))
    toast_header(response, message)
    return response


def _order(cleaned: dict[str, Any]) -> dict[str, Any]:
    return {"symbol": cleaned["symbol"], "side": cleaned["side"], "quantity": cleaned["quantity"].strip()}


def _ticket(request: HttpRequest, shown: TradingAccount, form: TicketForm, status: int = 200) -> HttpResponse:
    return _ticket_page(request, "trading/ticket.html", {"account": shown, "form": form}, status)


def _review(request: HttpRequest, shown: TradingAccount, preview: services.OrderPreview) -> HttpResponse:
    values = {"quantity": format_number(preview.quantity), "symbol": preview.symbol, "account": shown.name}
    sentence = (
        _("Buy %(quantity)s %(symbol)s at the market, for %(account)s.")
        if preview.side == "buy"
        else _("Sell %(quantity)s %(symbol)s at the market, for %(account)s.")
    ) % values
    context = {"account": shown, "review": preview, "sentence": sentence}
    return _ticket_page(request, "trading/ticket_review.html", context, 200)


def _ticket_page(request: HttpRequest, part: str, context: dict[str, Any], status: int) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return render(request, part, context, status=status)
    crumbs = [(_("Trading accounts"), reverse("trading_accounts:list")), (_("Order ticket"), "")]
    whole = context | {"part": part, "breadcrumbs": crumbs}
    return render(request, "trading/ticket_page.html", whole, status=status)


@page("trading.view_order")
def quote(request: HttpRequest) -> HttpResponse:
    """The last price of an instrument, for the ticket's estimate."""
    instrument = get_instrument(actor_of(request), request.GET.get("symbol", ""))
    price = overview.quote_of(instrument.symbol).price
    if price is None:
        raise Http404(_("This instrument has no price yet."))
    return JsonResponse({"price": f"{price:f}", "currency": instrument.quote})


@page("trading.cancel_order", post="trading.cancel_order")
def cancel_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Cancel a working order."""
    if request.method != "POST":
        order = get_object_or_404(visible_orders(actor_of(request)), pk=order_id)
        return redirect("trading:account", order.trading_account_id)
    try:
        order = services.cancel_order(actor=actor_of(request), order_id=order_id)
    except DomainError as error:
        if error.status in (403, 404):
            raise
        add_toast(request, error.message, "error")
        return redirect("trading_accounts:list")
    add_toast(request, _("The order is being cancelled."))
    return redirect("trading:account", order.trading_account_id)


@page("trading.close_position", post="trading.close_position")
def close_position(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Close a position with a market order over all of it."""
    if request.method != "POST":
        position = get_object_or_404(visible_positions(actor_of(request)), pk=position_id)
        return redirect("trading:account", position.trading_account_id)
    try:
        order = services.close_position(actor=actor_of(request), position_id=position_id)
    except DomainError as error:
        if error.status in (403, 404):
            raise
        add_toast(request, error.message, "error")
        return redirect("trading_accounts:list")
    add_toast(request, _("An order that closes the position is on its way."))
    return redirect("trading:account", order.trading_account_id)
