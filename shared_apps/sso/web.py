"""The organisation's own log-in as pages: the way to the provider and back, and the owner's form."""

from __future__ import annotations

import hmac
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, page
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast
from shared_apps.users import web as identity
from shared_apps.users.hosts import HostTenant, host_tenant
from shared_apps.users.login_options import LoginOption
from shared_apps.users.pages import safe_target
from shared_apps.users.second_step import Proof, SecondStepDue

from . import queries, services

#: Where the browser keeps the state of a log-in on its way, and where it wanted to go.
_KEPT: Final = "sso_login"


def login_option(request: HttpRequest) -> LoginOption | None:
    """The button of the log-in page, where this host has a provider."""
    provider = queries.active_provider(host_tenant(request))
    if provider is None:
        return None
    label = _("Log in with %(name)s") % {"name": provider.name}
    return LoginOption(label, reverse("sso-login"), "box-arrow-in-right")


@page("users.sign_in")
def begin(request: HttpRequest) -> HttpResponse:
    """Go to the provider. A link and not a form: the policy lets no form lead elsewhere."""
    target = safe_target(request, request.GET.get("next") or "")
    if actor_of(request).is_authenticated:
        return redirect(target)
    tenant = _tenant(request)
    try:
        identity.require_attempt_left("")
        start = services.begin_login(tenant=tenant, redirect_uri=_callback(request))
    except NotFoundError:
        raise
    except DomainError as error:
        return _back(request, error, target)
    request.session[_KEPT] = [start.state, target]
    return redirect(start.address)


@page("users.sign_in")
def callback(request: HttpRequest) -> HttpResponse:
    """Where the provider sends the browser back to. Only the browser that began may finish."""
    state, target = request.session.pop(_KEPT, ["", "/"])
    shown = request.GET.get("state", "")
    try:
        identity.require_attempt_left("")
        if not state or not hmac.compare_digest(state.encode(), shown.encode(errors="replace")):
            raise services.wrong_state()
        if request.GET.get("error"):
            raise services.denied()
        code = request.GET.get("code", "")
        user = services.finish_login(tenant=_tenant(request), state=state, code=code[:2048])
        identity.start_or_challenge(request, user, proof=Proof.VOUCHED)
    except SecondStepDue as due:
        return redirect(f"{reverse(due.page)}?{urlencode({'next': target})}")
    except NotFoundError:
        raise
    except DomainError as error:
        return _back(request, error, target)
    return redirect(target)


class ProviderForm(forms.Form):
    """What the provider's console shows after our client was registered there."""

    name = forms.CharField(label=gettext_lazy("Name on the button"), max_length=60)
    issuer = forms.URLField(
        label=gettext_lazy("Issuer"),
        max_length=255,
        assume_scheme="https",
        help_text=gettext_lazy("Its address, letter by letter as the provider writes it."),
    )
    client_id = forms.CharField(label=gettext_lazy("Client ID"), max_length=255)
    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=512,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Left empty, the one that is stored stays."),
    )
    is_active = forms.BooleanField(label=gettext_lazy("Members may log in with it"), required=False)


@page("sso.manage_provider", post="sso.manage_provider")
def settings_page(request: HttpRequest) -> HttpResponse:
    """Name the organisation's provider."""
    tenant = _tenant(request)
    provider = queries.provider_of(tenant)
    if request.method != "POST":
        first = {} if provider is None else {
            "name": provider.name, "issuer": provider.issuer, "client_id": provider.client_id,
            "is_active": provider.is_active,
        }  # fmt: skip
        return _page(request, tenant, ProviderForm(initial=first))
    form = ProviderForm(request.POST)
    if not form.is_valid():
        return _page(request, tenant, form, 400)
    try:
        services.configure_provider(actor=actor_of(request), tenant=tenant, **form.cleaned_data)
    except (ForbiddenError, NotFoundError):
        raise
    except DomainError as error:
        add_domain_error(form, error)
        return _page(request, tenant, form, error.status)
    add_toast(request, _("Saved."))
    return redirect("sign-in-settings")


@page("sso.manage_provider", post="sso.manage_provider")
def remove(request: HttpRequest) -> HttpResponse:
    """Forget the provider. A bare visit changes nothing."""
    if request.method == "POST":
        services.remove_provider(actor=actor_of(request), tenant=_tenant(request))
        add_toast(request, _("Removed. Members log in with their passwords."))
    return redirect("sign-in-settings")


def _page(request: HttpRequest, tenant: HostTenant, form: ProviderForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "breadcrumbs": [(_("Sign-in"), "")],
        "form": form,
        "provider": queries.provider_of(tenant),
        "domains": queries.verified_domains(tenant),
        "callback": _callback(request),
    }
    return render(request, "sso/settings.html", context, status=status)


def _callback(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("sso-callback"))


def _tenant(request: HttpRequest) -> HostTenant:
    tenant = host_tenant(request)
    if tenant is None:
        raise NotFoundError("sso.no_provider", _("There is no identity provider here."))
    return tenant


def _back(request: HttpRequest, error: DomainError, target: str) -> HttpResponse:
    add_toast(request, error.message, "error")
    return redirect(f"{reverse('login')}?{urlencode({'next': target})}")
