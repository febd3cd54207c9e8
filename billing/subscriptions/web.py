"""Pages of plans and subscriptions, on both hosts: the prices, checkout, and one's own subscription."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.context import PUBLIC, host_schema, platform_context
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast
from shared_apps.users.hosts import client_of

from . import collection, queries, services, shown
from .api import CHANGE_OWN, VIEW_OWN
from .models import PlanPricing, Subscription
from .services.contracts import priced_plan


class CheckoutForm(forms.Form):
    """How it is paid."""

    seats = forms.IntegerField(label=gettext_lazy("Seats"), min_value=1, max_value=100_000, initial=1)
    code = forms.CharField(label=gettext_lazy("Promotion code"), max_length=40, required=False)
    method = forms.ChoiceField(label=gettext_lazy("Payment"))


def frame() -> str:
    """The frame of the host's pages."""
    return "platform_base.html" if host_schema() == PUBLIC else "base.html"


def _organisation(request: HttpRequest) -> UUID | None:
    text = request.GET.get("organisation", "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFoundError("tenant.none_assigned", _("You own no such organisation.")) from None


def _query(organisation: UUID | None) -> str:
    return f"?organisation={organisation}" if organisation else ""


@page("subscriptions.view_plan")
def plan_list(request: HttpRequest) -> HttpResponse:
    """What is sold on this host, with its prices."""
    with platform_context():
        plans = [
            {"plan": plan, "prices": list(plan.pricing.all())} for plan in queries.plans_sold(host_schema())
        ]
    context = {
        "frame": frame(),
        "breadcrumbs": [(_("Plans"), "")],
        "plans": plans,
        "may_edit": may(request, "subscriptions.change_plan"),
        "query": _query(_organisation(request)),
    }
    return render(request, "subscriptions/plans.html", context)


@page(VIEW_OWN, post=CHANGE_OWN)
def checkout(request: HttpRequest, price_id: UUID) -> HttpResponse:
    """Choose a price: the form, and from it to the payment."""
    actor, organisation = actor_of(request), _organisation(request)
    try:
        who = queries.subscriber_of(actor, organisation)
        with platform_context():
            plan, pricing = priced_plan(who.seller, price_id)
            info = queries.find_info(who.tenant, who.user_id)
            known = None if info is None else queries.open_contract(info)
            methods = _methods(who, plan, pricing)
    except ForbiddenError:
        raise
    except DomainError as error:
        raise NotFoundError(error.code, error.message) from error
    changes = known is not None and known.started_at is not None
    form = CheckoutForm(request.POST or None)
    form.fields["method"].choices = methods  # type: ignore[attr-defined]
    if not pricing.per_seat:
        form.fields["seats"].widget = forms.HiddenInput()
    if changes or not methods:
        form.fields["method"].required = False
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return _buy(request, form.cleaned_data, price_id, organisation, changes=changes)
            except (ForbiddenError, NotFoundError):
                raise
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
    context = {
        "frame": frame(),
        "breadcrumbs": [(_("Plans"), reverse("plans:list")), (plan.name, "")],
        "plan": plan,
        "pricing": pricing,
        "form": form,
        "methods": methods,
        "changes": changes,
        "preview": _preview(request, price_id, organisation) if changes else None,
    }
    return render(request, "subscriptions/checkout.html", context, status=status)


def _methods(who: queries.Subscriber, plan: Any, pricing: PlanPricing) -> list[tuple[str, str]]:
    from .models import SubscriptionInfo

    draft = Subscription(
        info=SubscriptionInfo(tenant=who.tenant, user_id=who.user_id),
        version=queries.current_version(plan),
        pricing=pricing,
    )
    return [(method.name, str(method.label)) for method in collection.methods_for(draft)]


def _preview(request: HttpRequest, price_id: UUID, organisation: UUID | None) -> Any:
    try:
        found = services.preview_change(actor=actor_of(request), price_id=price_id, organisation=organisation)
    except DomainError as error:
        return {"problem": error.message}
    from billing.payments.models import money_of

    return {
        "at": found.at.isoformat(),
        "takes_effect": found.takes_effect,
        "effective_at": found.effective_at,
        "total": money_of(found.quote.total, found.currency),
    }


def _buy(
    request: HttpRequest, given: dict[str, Any], price_id: UUID, organisation: UUID | None, *, changes: bool
) -> HttpResponse:
    actor = actor_of(request)
    if changes:
        text = request.POST.get("at", "")
        contract, charge = services.change_subscription(
            actor=actor, price_id=price_id, seats=given["seats"], organisation=organisation,
            at=_moment(text),
        )  # fmt: skip
    else:
        contract, charge = services.subscribe(
            actor=actor, price_id=price_id, seats=given["seats"], code=given["code"],
            method=given["method"] or "payment", organisation=organisation,
        )  # fmt: skip
    if charge is not None and contract.method == "payment":
        return _to_payment(request, charge.pk, organisation)
    add_toast(request, _("Done."))
    return redirect(reverse("subscription") + _query(organisation))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise DomainError("subscription.quote_expired", _("Look at the preview again."), field="at") from None


def _to_payment(request: HttpRequest, charge_id: UUID, organisation: UUID | None) -> HttpResponse:
    payment = services.begin_paying(
        actor=actor_of(request), charge_id=charge_id, configuration_id=None,
        return_url=f"{client_of(request).origin}{reverse('subscription')}{_query(organisation)}",
    )  # fmt: skip
    return redirect("pay:pay", payment.pk)


@page(VIEW_OWN)
def own(request: HttpRequest) -> HttpResponse:
    """One's own subscription: a member's, or that of an organisation which one owns."""
    actor, organisation = actor_of(request), _organisation(request)
    owned = []
    if actor.on_platform:
        with platform_context():
            owned = queries.owned_tenants(actor)
    context: dict[str, Any] = {
        "frame": frame(),
        "breadcrumbs": [(_("Subscription"), "")],
        "owned": owned,
        "query": _query(organisation),
    }
    if not actor.on_platform or owned:
        found = shown.own_subscription(actor, organisation)
        charge = found.charge
        context |= {
            "own": found,
            "contract": found.contract,
            "amount": None if charge is None else shown.charge_money(charge),
            "charges": [(each, shown.charge_money(each)) for each in found.charges],
            "now_due": charge is not None or found.state in ("past_due", "read_only", "suspended"),
        }
    return render(request, "subscriptions/own.html", context)


@page(CHANGE_OWN, post=CHANGE_OWN)
def act(request: HttpRequest, what: str) -> HttpResponse:
    """Pay, cancel, go on or pause."""
    organisation = _organisation(request)
    back = redirect(reverse("subscription") + _query(organisation))
    if request.method != "POST":
        return back
    actor = actor_of(request)
    try:
        if what == "pay":
            charge = services.amount_due(actor=actor, organisation=organisation)
            return back if charge is None else _to_payment(request, charge.pk, organisation)
        if what == "cancel":
            services.cancel_subscription(
                actor=actor, reason=request.POST.get("reason", "")[:255], organisation=organisation
            )
        elif what == "resume":
            services.resume_subscription(actor=actor, organisation=organisation)
        else:
            services.pause_subscription(actor=actor)
    except (ForbiddenError, NotFoundError):
        raise
    except DomainError as error:
        add_toast(request, error.message, "error")
    else:
        add_toast(request, _("Done."))
    return back


@page("subscriptions.view_organisation_plan")
def organisation_plan(request: HttpRequest) -> HttpResponse:
    """On a tenant's host: the organisation's own plan and what it has used; it is paid on the platform."""
    with platform_context():
        tenant = queries.seller_of(host_schema())
    assert tenant is not None
    found = shown.subscription_of(queries.Subscriber(tenant, None))
    context = {
        "breadcrumbs": [(_("Our plan"), "")],
        "own": found,
        "contract": found.contract,
        "uses": found.uses,
        "platform_url": queries.platform_page(request.scheme or "https", request.get_host(), tenant),
    }
    return render(request, "subscriptions/organisation.html", context)
