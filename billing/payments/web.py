"""Pages of payments on both hosts: the list, one payment with its journal, transfers that staff confirm."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.catalogue import Relation, can
from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.context import PUBLIC, host_schema
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.core.money import Money
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import queries, rules
from .exports import csv_response
from .models import Payment, Purpose, money_of
from .services import commands, staff

PAGE_SIZE = 25
_ALL = ("", gettext_lazy("all"))


def frame() -> str:
    """The frame of the host's pages."""
    return "platform_base.html" if host_schema() == PUBLIC else "base.html"


class FilterForm(forms.Form):
    """What to look for; empty means everything."""

    state = forms.ChoiceField(
        label=gettext_lazy("State"), required=False, choices=[_ALL, *Payment.State.choices]
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"), required=False, choices=[_ALL, *Purpose.choices]
    )
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    q = forms.CharField(label=gettext_lazy("Number or reference"), required=False, max_length=120)


class RefundForm(forms.Form):
    """How much goes back, and why; ``key`` makes a form sent twice one refund."""

    amount = forms.DecimalField(label=gettext_lazy("Amount"), max_digits=38, decimal_places=18)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)
    key = forms.UUIDField(widget=forms.HiddenInput)


class ConfirmForm(forms.Form):
    """What happened at the bank."""

    happened = forms.TypedChoiceField(choices=[("1", "1"), ("0", "0")], coerce=lambda text: text == "1")
    amount = forms.DecimalField(required=False, max_digits=38, decimal_places=18)
    bank_reference = forms.CharField(required=False, max_length=140)


def _filtered(request: HttpRequest, form: FilterForm) -> Any:
    rows = queries.visible_payments(actor_of(request)).order_by("-created_at", "-id")
    if not form.is_valid():
        return rows.none()
    given = form.cleaned_data
    for name in ("state", "purpose"):
        if given[name]:
            rows = rows.filter(**{name: given[name]})
    return queries.between(rows, since=given["since"], until=given["until"], text=given["q"])


@page("payments.view_payment")
def payment_list(request: HttpRequest) -> HttpResponse:
    """Payments, newest first: one's own, for staff those of the place."""
    form = FilterForm(request.GET)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "frame": frame(),
        "breadcrumbs": [(_("Payments"), "")],
        "form": form,
        "page": Paginator(_filtered(request, form), PAGE_SIZE).get_page(request.GET.get("page")),
        "query": query.urlencode(),
        "is_staff": can(actor_of(request), "payments.view_payment") != Relation.OWN,
        "may_confirm": may(request, "payments.confirm_transfer"),
        "may_see_gateways": may(request, "payments.view_gateway"),
    }
    return render(request, "payments/list.html", context)


@page("payments.view_payment")
def export(request: HttpRequest) -> HttpResponseBase:
    """The list as CSV, by the same filters."""
    return csv_response(request, _filtered(request, FilterForm(request.GET)))


@page("payments.view_payment")
def detail(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """One payment: what it is, its refunds, its journal."""
    payment = queries.get_payment(actor_of(request), payment_id)
    return _detail(request, payment, _refund_form(payment))


def _refund_form(payment: Payment) -> RefundForm:
    return RefundForm(initial={"amount": _left(payment).amount, "key": uuid4()})


def _left(payment: Payment) -> Money:
    return money_of(payment.received_minor_units - payment.refunded_minor_units, payment.currency)


@page("payments.refund_payment", post="payments.refund_payment")
def refund(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Give a payment back."""
    payment = queries.get_payment(actor_of(request), payment_id, "payments.refund_payment")
    if request.method != "POST":
        return redirect("payments:detail", payment_id)
    form = RefundForm(request.POST)
    if not form.is_valid():
        return _detail(request, payment, form, status=400)
    try:
        commands.refund_payment(
            actor=actor_of(request),
            payment_id=payment_id,
            money=Money(Decimal(form.cleaned_data["amount"]), payment.currency),
            reason=form.cleaned_data["reason"],
            key=str(form.cleaned_data["key"]),
        )
    except (NotFoundError, ForbiddenError):
        raise
    except DomainError as error:
        add_domain_error(form, error)
        return _detail(request, payment, form, status=error.status)
    add_toast(request, _("The refund is on its way."))
    return redirect("payments:detail", payment_id)


def _detail(request: HttpRequest, payment: Payment, form: RefundForm, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    received_here = payment.paid_to_platform is actor.on_platform  # type: ignore[attr-defined]
    left = _left(payment)
    context = {
        "frame": frame(),
        "breadcrumbs": [(_("Payments"), reverse("payments:list")), (payment.label, "")],
        "payment": payment,
        "number": rules.in_groups(payment.label),
        "left": left,
        "refunded": money_of(payment.refunded_minor_units, payment.currency),
        "refunds": payment.refunds.all(),
        "disputes": payment.disputes.all(),
        "log": queries.log_of(payment),
        "form": form,
        "may_refund": received_here
        and payment.user_id != actor.user_id
        and may(request, "payments.refund_payment")
        and payment.state == Payment.State.SUCCEEDED
        and bool(left),
        "may_pay": not actor.on_platform
        and payment.user_id == actor.user_id
        and payment.state in ("created", "sending", "pending"),
    }
    return render(request, "payments/detail.html", context, status=status)


@page("payments.confirm_transfer")
def transfers(request: HttpRequest) -> HttpResponse:
    """Bank transfers that wait for somebody who has seen them."""
    context = {
        "frame": frame(),
        "breadcrumbs": [(_("Payments"), reverse("payments:list")), (_("Bank transfers"), "")],
        "transfers": [
            (each, rules.in_groups(each.label)) for each in queries.waiting_transfers(actor_of(request))
        ],
    }
    return render(request, "payments/transfers.html", context)


@page("payments.confirm_transfer", post="payments.confirm_transfer")
def confirm(request: HttpRequest, kind: str, object_id: UUID) -> HttpResponse:
    """Say what happened at the bank."""
    if request.method != "POST":
        return redirect("payments:transfers")
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        add_toast(request, _("Give an amount, like 12.50."), "error")
        return redirect("payments:transfers")
    given = form.cleaned_data
    try:
        currency = next(
            each.money.currency
            for each in queries.waiting_transfers(actor_of(request))
            if (each.kind, each.id) == (kind, object_id)
        )
        amount = given["amount"]
        staff.confirm_transfer(
            actor=actor_of(request),
            kind=kind,
            object_id=object_id,
            happened=given["happened"],
            money=None if amount is None else Money(Decimal(amount), currency),
            bank_reference=given["bank_reference"],
        )
    except StopIteration:
        raise NotFoundError("payments.unknown", _("There is no such payment.")) from None
    except (NotFoundError, ForbiddenError):
        raise
    except DomainError as error:
        add_toast(request, error.message, "error")
    else:
        add_toast(request, _("Written down."))
    return redirect("payments:transfers")
