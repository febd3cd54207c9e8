"""The page of payment providers: an organisation's accounts, or on the platform's host the platform's."""

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
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import queries
from .models import PaymentGatewayConfig
from .providers.base import ProviderType, provider_type
from .services import gateways
from .web import frame


class GatewayForm(forms.Form):
    """Name, currencies and the provider's own fields; secrets are never shown again."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    currencies = forms.MultipleChoiceField(
        label=gettext_lazy("Currencies"), widget=forms.CheckboxSelectMultiple
    )
    is_simulated = forms.BooleanField(label=gettext_lazy("Simulated: no real money moves"), required=False)

    def __init__(self, kind: ProviderType, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currencies"].choices = [(code, code) for code in kind.currencies]  # type: ignore[attr-defined]
        if not kind.has_webhooks:
            del self.fields["is_simulated"]
        self.own = [field.name for field in kind.fields]
        for field in kind.fields:
            secret = field.is_secret
            kept = _("Left empty, the one that is stored stays.") if secret and not is_new else ""
            self.fields[field.name] = forms.CharField(
                label=str(field.label),
                required=field.is_required and (is_new or not secret),
                max_length=2000,
                help_text=str(field.help_text) or kept,
                widget=forms.PasswordInput(attrs={"autocomplete": "off"}) if secret else forms.TextInput(),
            )

    def values(self) -> dict[str, str]:
        """The provider's fields."""
        return {name: str(self.cleaned_data.get(name, "")) for name in self.own}


@page("payments.view_gateway")
def gateway_list(request: HttpRequest) -> HttpResponse:
    """Accounts that are there, and providers that may be added."""
    actor = actor_of(request)
    context = {
        "frame": frame(),
        "breadcrumbs": [(_("Payments"), reverse("payments:list")), (_("Payment providers"), "")],
        "rows": [(row, provider_type(row.provider)) for row in queries.own_gateways(actor)],
        "kinds": gateways.offered_types(actor.tenant_schema),
        "may_manage": may(request, "payments.manage_gateway"),
    }
    return render(request, "payments/gateways.html", context)


@page("payments.manage_gateway", post="payments.manage_gateway")
def gateway_new(request: HttpRequest, provider: str) -> HttpResponse:
    """Connect an account at a provider."""
    kinds = gateways.offered_types(actor_of(request).tenant_schema)
    kind = next((each for each in kinds if each.name == provider), None)
    if kind is None:
        raise NotFoundError("payments.provider", _("This provider is not in operation."))
    first = {"currencies": kind.currencies[:1], "name": str(kind.label)}
    return _edit(request, kind, None, first)


@page("payments.manage_gateway", post="payments.manage_gateway")
def gateway_edit(request: HttpRequest, gateway_id: UUID) -> HttpResponse:
    """Change an account."""
    row = queries.get_gateway(actor_of(request), gateway_id)
    first = {"name": row.name, "currencies": row.currencies, "is_simulated": row.is_simulated, **row.settings}
    return _edit(request, provider_type(row.provider), row, first)


def _edit(
    request: HttpRequest, kind: ProviderType, row: PaymentGatewayConfig | None, first: dict[str, Any]
) -> HttpResponse:
    form = GatewayForm(kind, request.POST or None, initial=first, is_new=row is None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = gateways.save_configuration(
                    actor=actor_of(request),
                    configuration_id=row.pk if row else None,
                    provider=kind.name,
                    name=form.cleaned_data["name"],
                    values=form.values(),
                    currencies=form.cleaned_data["currencies"],
                    is_simulated=form.cleaned_data.get("is_simulated", False),
                )
            except (NotFoundError, ForbiddenError):
                raise
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                return _checked(request, made.pk)
    title = row.name if row else str(kind.label)
    context = {
        "frame": frame(),
        "breadcrumbs": [(_("Payment providers"), reverse("payments:gateways")), (title, "")],
        "title": title,
        "row": row,
        "form": form,
        "webhook": _webhook(request, row) if row and kind.has_webhooks else "",
    }
    return render(request, "payments/gateway.html", context, status=status)


def _webhook(request: HttpRequest, row: PaymentGatewayConfig) -> str:
    """Where the provider sends its notifications: to the platform's host, for every account."""
    return gateways.webhook_address(row, is_secure=request.is_secure(), port=request.get_port())


def _checked(request: HttpRequest, gateway_id: UUID) -> HttpResponse:
    row = gateways.check_configuration(actor=actor_of(request), configuration_id=gateway_id)
    if row.check_problem:
        text = _("Saved, but the connection does not work: %(problem)s") % {"problem": row.check_problem}
        add_toast(request, text, "error")
    else:
        add_toast(request, _("The connection works."))
    return redirect("payments:gateways")


@page("payments.manage_gateway", post="payments.manage_gateway")
def gateway_check(request: HttpRequest, gateway_id: UUID) -> HttpResponse:
    """Test the connection."""
    queries.get_gateway(actor_of(request), gateway_id)
    if request.method != "POST":
        return redirect("payments:gateways")
    return _checked(request, gateway_id)


@page("payments.manage_gateway", post="payments.manage_gateway")
def gateway_switch(request: HttpRequest, gateway_id: UUID) -> HttpResponse:
    """On (`on=1`) or off."""
    queries.get_gateway(actor_of(request), gateway_id)
    if request.method == "POST":
        try:
            row = gateways.switch_configuration(
                actor=actor_of(request), configuration_id=gateway_id, is_enabled=request.POST.get("on") == "1"
            )
        except (NotFoundError, ForbiddenError):
            raise
        except DomainError as error:
            add_toast(request, error.message, "error")
        else:
            add_toast(request, _("Switched on.") if row.is_enabled else _("Switched off."))
    return redirect("payments:gateways")
