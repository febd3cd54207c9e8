"""The catalogue's editor: an owner's on a tenant's host, the superadmin's on the platform's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.core.money import MINOR_DIGITS
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import queries, services
from .models import Plan, PlanPricing
from .rules.states import Action
from .web import frame

VIEW, CHANGE = "subscriptions.browse_catalogue", "subscriptions.change_plan"
_ACTIONS = {
    Action.CONNECT: gettext_lazy("Connecting accounts"),
    Action.TRADE: gettext_lazy("Trading"),
    Action.BOTS: gettext_lazy("Bots"),
}


class PlanForm(forms.Form):
    """A plan's terms and its place in the catalogue."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, max_length=2000, widget=forms.Textarea
    )
    available = forms.BooleanField(label=gettext_lazy("On offer"), required=False, initial=True)
    default = forms.BooleanField(label=gettext_lazy("Given to who signs up"), required=False)
    requires_payment = forms.BooleanField(label=gettext_lazy("Must be paid"), required=False, initial=True)
    requires_invoice = forms.BooleanField(label=gettext_lazy("By invoice too"), required=False)
    auto_renew = forms.BooleanField(label=gettext_lazy("Renews by itself"), required=False, initial=True)
    daily_time_minutes = forms.IntegerField(
        label=gettext_lazy("Bot minutes a day"), required=False, min_value=0, max_value=2_000_000_000
    )
    daily_data_mb = forms.IntegerField(
        label=gettext_lazy("MB over the API a day"), required=False, min_value=0, max_value=2_000_000_000
    )
    seats = forms.IntegerField(
        label=gettext_lazy("People"), required=False, min_value=0, max_value=2_000_000_000
    )
    entitlements = forms.MultipleChoiceField(
        label=gettext_lazy("It opens"),
        required=False,
        choices=[(str(action), label) for action, label in _ACTIONS.items()],
        widget=forms.SelectMultiple(attrs={"size": 3}),
        initial=[str(action) for action in _ACTIONS],
    )


class PriceForm(forms.Form):
    """A price; one for the same currency and period is replaced."""

    amount = forms.DecimalField(label=gettext_lazy("Amount"), min_value=0, max_digits=10, decimal_places=2)
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), choices=[(c, c) for c in MINOR_DIGITS if len(c) == 3], initial="EUR"
    )
    interval = forms.ChoiceField(
        label=gettext_lazy("Interval"), choices=PlanPricing.BillingInterval.choices, initial="day"
    )
    interval_count = forms.IntegerField(
        label=gettext_lazy("Number of intervals"), min_value=1, max_value=1096, initial=35
    )
    trial_period_days = forms.IntegerField(
        label=gettext_lazy("Days of trial"), min_value=0, max_value=730, initial=0
    )
    per_seat = forms.BooleanField(label=gettext_lazy("For each seat"), required=False)


@page(VIEW, post=CHANGE)
def plan_editor(request: HttpRequest) -> HttpResponse:
    """Every plan, and the form of a new one."""
    form = PlanForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                plan = services.create_plan(actor=actor_of(request), values=form.cleaned_data)
            except (ForbiddenError, NotFoundError):
                raise
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                add_toast(request, _("Saved. Give it a price now."))
                return redirect("plans:plan", plan.pk)
    with platform_context():
        plans = list(queries.visible_plans(actor_of(request)))
    context = {
        "frame": frame(),
        "breadcrumbs": [(_("Plans"), reverse("plans:list")), (_("Catalogue"), "")],
        "plans": plans,
        "form": form,
        "may_change": may(request, CHANGE),
    }
    return render(request, "subscriptions/editor.html", context, status=status)


@page(VIEW, post=CHANGE)
def plan_detail(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """One plan: its terms; a change makes a new version, for new contracts only."""
    plan = queries.get_plan(actor_of(request), plan_id)
    form = PlanForm(
        request.POST or None, initial={name: getattr(plan, name) for name in PlanForm.base_fields}
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.change_plan(actor=actor_of(request), plan_id=plan_id, changes=form.cleaned_data)
            except (ForbiddenError, NotFoundError):
                raise
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                add_toast(request, _("Saved. Old contracts keep their terms."))
                return redirect("plans:plan", plan_id)
    return _detail(request, plan, form, PriceForm(), status)


@page(VIEW, post=CHANGE)
def price_add(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Add a price."""
    plan = queries.get_plan(actor_of(request), plan_id)
    if request.method != "POST":
        return redirect("plans:plan", plan_id)
    form, status = PriceForm(request.POST), 400
    if form.is_valid():
        try:
            services.add_price(actor=actor_of(request), plan_id=plan_id, **form.cleaned_data)
        except (ForbiddenError, NotFoundError):
            raise
        except DomainError as error:
            add_domain_error(form, error)
            status = error.status
        else:
            add_toast(request, _("Saved. Old contracts keep their price."))
            return redirect("plans:plan", plan_id)
    initial: dict[str, Any] = {name: getattr(plan, name) for name in PlanForm.base_fields}
    return _detail(request, plan, PlanForm(initial=initial), form, status)


@page(VIEW, post=CHANGE)
def price_end(request: HttpRequest, price_id: UUID) -> HttpResponse:
    """Take a price out of the catalogue."""
    if request.method != "POST":
        return redirect("plans:editor")
    pricing = services.end_price(actor=actor_of(request), price_id=price_id)
    add_toast(request, _("It is sold no more. Old contracts keep it."))
    return redirect("plans:plan", pricing.plan_id)


def _detail(
    request: HttpRequest, plan: Plan, form: PlanForm, price_form: PriceForm, status: int
) -> HttpResponse:
    with platform_context():
        prices = list(plan.pricing.order_by("-active", "currency", "amount"))
    context = {
        "frame": frame(),
        "breadcrumbs": [(_("Catalogue"), reverse("plans:editor")), (plan.name, "")],
        "plan": plan,
        "prices": prices,
        "form": form,
        "price_form": price_form,
        "may_change": may(request, CHANGE),
    }
    return render(request, "subscriptions/plan.html", context, status=status)
