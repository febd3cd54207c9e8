"""One's own wallet: what there is, what moved, and a month of it. Leaders and auditors see others' too."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.errors import DomainError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from tenant_apps.members.models import Member
from tenant_apps.wallet import history, queries
from tenant_apps.wallet.api.accounts import csv_response
from tenant_apps.wallet.models import Deposit, Withdrawal

from .forms import HistoryForm

PAGE_SIZE = 30
_LATEST = 6
_PENDING = 10


@page("wallet.view_wallet")
def overview(request: HttpRequest) -> HttpResponse:
    """Balances, what is under way, the latest movements, and what to do next."""
    actor = actor_of(request)
    own = queries.visible_accounts(actor).filter(owner=actor.member_id).order_by("asset")
    mine: dict[str, Any] = {"member_id": actor.member_id}
    context = {
        "breadcrumbs": [(_("Wallet"), "")],
        "purses": queries.purses(own),
        "wallet": queries.find_wallet(actor.member_id),
        "deposits": queries.visible_deposits(actor).filter(**mine, state=Deposit.State.PENDING)[:_PENDING],
        "withdrawals": queries.visible_withdrawals(actor).filter(
            **mine, state__in=(Withdrawal.State.WAITING, Withdrawal.State.SENDING)
        )[:_PENDING],
        "lines": history.lines(actor.member_id, history.Filters(), limit=_LATEST) if actor.member_id else [],
        "may_deposit": may(request, "wallet.create_deposit"),
        "may_withdraw": may(request, "wallet.request_withdrawal"),
        "may_transfer": may(request, "wallet.send_transfer"),
        "may_browse": may(request, "wallet.browse_wallets"),
    }
    return render(request, "wallet/overview.html", context)


def _whose(request: HttpRequest, member_id: UUID | None) -> Member:
    actor = actor_of(request)
    wanted = member_id or actor.member_id
    if wanted is None:
        raise NotFoundError("wallet.no_member", _("Only members have a wallet."))
    return queries.get_member(actor, wanted, "wallet.view_wallet")


def _filters(form: HistoryForm) -> history.Filters:
    given = form.cleaned_data
    since, until = given["since"], given["until"]
    return history.Filters(
        currency=given["currency"],
        kind=given["kind"],
        since=since and datetime.combine(since, time.min, tzinfo=UTC),
        until=until and datetime.combine(until, time.min, tzinfo=UTC) + timedelta(days=1),
    )


def _rest(query: QueryDict) -> str:
    kept = query.copy()
    kept.pop("before", None)
    for name in [name for name, value in kept.items() if not value]:
        del kept[name]
    return str(kept.urlencode())


@page("wallet.view_wallet")
def history_page(request: HttpRequest) -> HttpResponse:
    """Every movement with the balance that it left; pages are places, so new lines do not shift them."""
    form = HistoryForm(request.GET)
    found: list[history.Line] = []
    member, status = None, 400
    before = request.GET.get("before", "")
    if form.is_valid() and (not before or (before.isascii() and before.isdigit() and len(before) < 19)):
        member, status = _whose(request, form.cleaned_data["member"]), 200
        place = int(before) if before else None
        found = history.lines(member.pk, _filters(form), before=place, limit=PAGE_SIZE + 1)
    shown, rest = found[:PAGE_SIZE], _rest(request.GET)
    context = {
        "breadcrumbs": [(_("Wallet"), reverse("wallet:overview")), (_("History"), "")],
        "form": form,
        "member": member,
        "is_own": member is not None and member.pk == actor_of(request).member_id,
        "lines": shown,
        "rest": rest,
        "newest": f"?{rest}" if before else "",
        "older": f"?before={shown[-1].seq}&{rest}" if len(found) > PAGE_SIZE else "",
        "month": timezone.now().strftime("%Y-%m"),
    }
    return render(request, "wallet/history.html", context, status=status)


@page("wallet.view_wallet")
def history_file(request: HttpRequest) -> HttpResponseBase:
    """The same as a file."""
    form = HistoryForm(request.GET)
    if not form.is_valid():
        return render(request, "wallet/history.html", {"form": form}, status=400)
    member = _whose(request, form.cleaned_data["member"])
    return csv_response(request, member.pk, _filters(form))


@page("wallet.view_wallet")
def statement(request: HttpRequest) -> HttpResponse:
    """A month: what there was, came, went and was left."""
    month = request.GET.get("month", "") or timezone.now().strftime("%Y-%m")
    form = HistoryForm({"member": request.GET.get("member", "")})
    status, found, member = 200, [], None
    since = until = None
    try:
        since, until = history.month_bounds(month)
    except DomainError as error:
        add_domain_error(form, error)
        status = error.status
    if form.is_valid() and since is not None and until is not None:
        member = _whose(request, form.cleaned_data["member"])
        found = history.summaries(member.pk, since, until)
    elif status == 200:
        status = 400
    context = {
        "breadcrumbs": [(_("Wallet"), reverse("wallet:overview")), (_("Statement"), "")],
        "form": form,
        "month": month,
        "since": since,
        "last_day": until - timedelta(days=1) if until else None,
        "member": member,
        "is_own": member is not None and member.pk == actor_of(request).member_id,
        "summaries": found,
    }
    return render(request, "wallet/statement.html", context, status=status)
