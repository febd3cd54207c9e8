"""What leaders do: approve and reject withdrawals, look at members' balances, freeze wallets."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast
from tenant_apps.wallet import history, queries, services
from tenant_apps.wallet.models import Withdrawal

from .forms import ReasonForm
from .moves import show_withdrawal

PAGE_SIZE = 20
_LATEST = 10


@page("wallet.browse_approvals")
def approvals(request: HttpRequest) -> HttpResponse:
    """Withdrawals by state; those that wait first."""
    state = request.GET.get("state", Withdrawal.State.WAITING)
    if state not in (*Withdrawal.State.values, "all"):
        state = Withdrawal.State.WAITING
    rows = queries.visible_withdrawals(actor_of(request))
    rows = rows.order_by("created_at", "id") if state == Withdrawal.State.WAITING else rows
    if state != "all":
        rows = rows.filter(state=state)
    context = {
        "breadcrumbs": [(_("Withdrawals"), "")],
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "state": state,
        "states": [*Withdrawal.State.choices, ("all", _("All"))],
        "me": actor_of(request).member_id,
    }
    return render(request, "wallet/approvals.html", context)


@page("wallet.approve_withdrawal", post="wallet.approve_withdrawal")
def decide(request: HttpRequest, withdrawal_id: UUID) -> HttpResponse:
    """Approve (``approve=1``) or reject with a reason."""
    actor = actor_of(request)
    if request.method != "POST":
        queries.get_withdrawal(actor, withdrawal_id, "wallet.approve_withdrawal")
        return redirect("wallet:withdrawal", withdrawal_id)
    form = ReasonForm(request.POST)
    try:
        if request.POST.get("approve") == "1":
            services.approve_withdrawal(actor=actor, withdrawal_id=withdrawal_id)
        elif form.is_valid():
            services.reject_withdrawal(actor=actor, withdrawal_id=withdrawal_id, **form.cleaned_data)
        else:
            return show_withdrawal(request, withdrawal_id, form, status=400)
    except (NotFoundError, ForbiddenError):
        raise
    except DomainError as error:
        add_domain_error(form, error)
        return show_withdrawal(request, withdrawal_id, form, status=error.status)
    add_toast(request, _("Decided."))
    return redirect("wallet:approvals")


@page("wallet.browse_wallets")
def balances(request: HttpRequest) -> HttpResponse:
    """What members have."""
    rows = queries.visible_accounts(actor_of(request)).order_by("owner", "asset")
    shown = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "breadcrumbs": [(_("Wallet"), reverse("wallet:overview")), (_("Members' balances"), "")],
        "page": shown,
        "purses": queries.purses(shown.object_list),
    }
    return render(request, "wallet/balances.html", context)


@page("wallet.browse_wallets", post="wallet.freeze_wallet")
def member(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """One member's wallet; POST freezes it with a reason, or opens it again (``open=1``)."""
    actor, form, status = actor_of(request), ReasonForm(), 200
    owner = queries.get_member(actor, member_id, "wallet.browse_wallets")
    if request.method == "POST":
        form = ReasonForm(request.POST)
        try:
            if request.POST.get("open") == "1":
                services.unfreeze_wallet(actor=actor, member_id=member_id)
                add_toast(request, _("The wallet is open again."))
                return redirect("wallet:member", member_id)
            if form.is_valid():
                services.freeze_wallet(actor=actor, member_id=member_id, **form.cleaned_data)
                add_toast(request, _("The wallet is frozen."))
                return redirect("wallet:member", member_id)
            status = 400
        except (NotFoundError, ForbiddenError):
            raise
        except DomainError as error:
            add_domain_error(form, error)
            status = error.status
    accounts = queries.visible_accounts(actor).filter(owner=member_id).order_by("asset")
    context = {
        "breadcrumbs": [(_("Members' balances"), reverse("wallet:balances")), (owner.name, "")],
        "member": owner,
        "wallet": queries.find_wallet(member_id),
        "purses": queries.purses(accounts),
        "lines": history.lines(member_id, history.Filters(), limit=_LATEST),
        "form": form,
        "may_freeze": may(request, "wallet.freeze_wallet"),
    }
    return render(request, "wallet/member.html", context, status=status)
