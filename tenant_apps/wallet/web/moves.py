"""Pages that move money: deposit, withdraw, transfer, and where one is paid out to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.pages import actor_of, may, page
from shared_apps.access.step_up import StepUpRequired
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast
from tenant_apps.wallet import options, queries, services
from tenant_apps.wallet.models import Withdrawal

from .forms import DepositForm, DestinationForm, ReasonForm, TransferForm, WithdrawalForm, currencies


def _refused(form: forms.Form, error: DomainError) -> int:
    """Put an error of a service beside its field; amounts are one field for services and two on pages."""
    if error.field == "money":
        form.add_error("amount", error.message)
    elif error.code == "wallet.identity_needed":
        form.add_error(None, error.message)
    else:
        add_domain_error(form, error)
    return error.status


def _purses(request: HttpRequest) -> list[queries.Purse]:
    actor = actor_of(request)
    return queries.purses(queries.visible_accounts(actor).filter(owner=actor.member_id).order_by("asset"))


@page("wallet.create_deposit", post="wallet.create_deposit")
def deposit(request: HttpRequest) -> HttpResponse:
    """Choose how and how much; the page of the payment goes on."""
    found: dict[UUID, tuple[queries.Way, list[str]]] = {}
    for currency in currencies():
        for way in queries.ways_to_deposit(currency):
            found.setdefault(way.configuration_id, (way, []))[1].append(currency)
    ways = list(found.values())
    form = DepositForm(request.POST or None, ways=ways)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data
            try:
                made = services.begin_deposit(
                    actor=actor_of(request),
                    configuration_id=UUID(given["configuration"]),
                    money=given["money"],
                    key=f"page:{given['key']}",
                    return_url=request.build_absolute_uri(reverse("wallet:overview")),
                )
            except DomainError as error:
                status = _refused(form, error)
            else:
                return redirect(queries.pay_address(made))
    context = {
        "breadcrumbs": [(_("Wallet"), reverse("wallet:overview")), (_("Deposit"), "")],
        "form": form,
        "ways": ways,
        "is_simulated": any(way.is_simulated for way, _taken in ways),
        "card_delay": options.CARD_DELAY.value(),
        "may_configure": may(request, "wallet.browse_approvals"),
    }
    return render(request, "wallet/deposit.html", context, status=status)


@page("wallet.request_withdrawal", post="wallet.request_withdrawal")
def withdraw(request: HttpRequest) -> HttpResponse:
    """Ask to be paid out."""
    destinations = list(queries.own_destinations(actor_of(request)))
    form = WithdrawalForm(request.POST or None, destinations=destinations)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data
            try:
                made = services.request_withdrawal(
                    actor=actor_of(request),
                    destination_id=UUID(given["destination"]),
                    money=given["money"],
                    key=f"page:{given['key']}",
                )
            except StepUpRequired:
                raise
            except DomainError as error:
                status = _refused(form, error)
            else:
                add_toast(request, _("Asked for. The money is reserved until it is sent."))
                return redirect("wallet:withdrawal", made.pk)
    context = {
        "breadcrumbs": [(_("Wallet"), reverse("wallet:overview")), (_("Withdraw"), "")],
        "form": form,
        "destinations": destinations,
        "purses": _purses(request),
    }
    return render(request, "wallet/withdraw.html", context, status=status)


@page("wallet.send_transfer", post="wallet.send_transfer")
def transfer(request: HttpRequest) -> HttpResponse:
    """Send money to another member."""
    form = TransferForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data
            try:
                services.send_transfer(
                    actor=actor_of(request),
                    recipient=given["recipient"],
                    money=given["money"],
                    note=given["note"],
                    key=f"page:{given['key']}",
                )
            except StepUpRequired:
                raise
            except DomainError as error:
                status = _refused(form, error)
            else:
                add_toast(request, _("Sent."))
                return redirect("wallet:overview")
    context = {
        "breadcrumbs": [(_("Wallet"), reverse("wallet:overview")), (_("Transfer"), "")],
        "form": form,
        "purses": _purses(request),
    }
    return render(request, "wallet/transfer.html", context, status=status)


@page("wallet.view_destination", post="wallet.manage_destination")
def destinations(request: HttpRequest) -> HttpResponse:
    """Where one is paid out to, and the form for a further place."""
    form = DestinationForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.add_destination(actor=actor_of(request), **form.cleaned_data)
            except ForbiddenError:
                raise
            except DomainError as error:
                status = _refused(form, error)
            else:
                add_toast(request, _("Added. It may be used after the cool-down."))
                return redirect("wallet:destinations")
    context: dict[str, Any] = {
        "breadcrumbs": [(_("Wallet"), reverse("wallet:overview")), (_("Payout destinations"), "")],
        "form": form,
        "destinations": queries.own_destinations(actor_of(request)),
        "now": timezone.now(),
        "may_manage": may(request, "wallet.manage_destination"),
    }
    return render(request, "wallet/destinations.html", context, status=status)


@page("wallet.manage_destination", post="wallet.manage_destination")
def remove_destination(request: HttpRequest, destination_id: UUID) -> HttpResponse:
    """Use a place no more."""
    if request.method == "POST":
        services.remove_destination(actor=actor_of(request), destination_id=destination_id)
        add_toast(request, _("Removed."))
    else:
        queries.get_destination(actor_of(request), destination_id)
    return redirect("wallet:destinations")


@page("wallet.view_withdrawal")
def withdrawal(request: HttpRequest, withdrawal_id: UUID) -> HttpResponse:
    """One withdrawal: where it stands, who decided, and what one may do about it."""
    return show_withdrawal(request, withdrawal_id, ReasonForm())


@page("wallet.request_withdrawal", post="wallet.request_withdrawal")
def cancel(request: HttpRequest, withdrawal_id: UUID) -> HttpResponse:
    """Take one's own back."""
    if request.method == "POST":
        try:
            services.cancel_withdrawal(actor=actor_of(request), withdrawal_id=withdrawal_id)
        except (NotFoundError, ForbiddenError):
            raise
        except DomainError as error:
            add_toast(request, error.message, "error")
        else:
            add_toast(request, _("Taken back. The money is available again."))
    else:
        queries.get_withdrawal(actor_of(request), withdrawal_id, "wallet.request_withdrawal")
    return redirect("wallet:withdrawal", withdrawal_id)


def show_withdrawal(
    request: HttpRequest, withdrawal_id: UUID, form: ReasonForm, status: int = 200
) -> HttpResponse:
    """The page of one withdrawal. Raises NotFoundError."""
    actor = actor_of(request)
    found = queries.visible_withdrawals(actor).filter(pk=withdrawal_id).first()
    if found is None:
        raise NotFoundError("not_found", _("Not found."))
    waits, is_own = found.state == Withdrawal.State.WAITING, found.member_id == actor.member_id
    decisions = list(found.decisions.all())
    context = {
        "breadcrumbs": [(_("Wallet"), reverse("wallet:overview")), (_("Withdrawal"), "")],
        "withdrawal": found,
        "decisions": decisions,
        "approved": len(queries.approvers_that_count(found))
        if waits
        else sum(each.is_approval for each in decisions),
        "is_own": is_own,
        "form": form,
        "may_cancel": waits and is_own and may(request, "wallet.request_withdrawal"),
        "may_decide": waits and not is_own and may(request, "wallet.approve_withdrawal"),
        "may_approve": all(each.member_id != actor.member_id for each in decisions),
    }
    return render(request, "wallet/withdrawal.html", context, status=status)
