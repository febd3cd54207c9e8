"""Log-in and log-out by page: the API's services, with a browser session at the end."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, page
from shared_apps.core.errors import DomainError
from shared_apps.ui.toasts import add_toast

from . import web
from .hosts import host_tenant
from .login_options import options_of
from .second_step import SecondStepDue

PERSONA_ICONS: Mapping[str, str] = {
    "owner": "key",
    "staff": "sliders",
    "trader": "graph-up-arrow",
    "auditor": "shield-check",
    "seller": "bank",
    "buyer": "person",
    "verifier": "patch-check",
    "superadmin": "shield-lock",
    "admin": "sliders",
}


class LoginForm(forms.Form):
    """A user name or an e-mail address, and the password."""

    login = forms.CharField(label=gettext_lazy("E-mail or user name"), max_length=254)
    password = forms.CharField(
        label=gettext_lazy("Password"), max_length=128, strip=False, widget=forms.PasswordInput
    )


@page("users.sign_in", post="users.sign_in")
def log_in(request: HttpRequest) -> HttpResponse:
    """Check a password and open a browser session on this host alone; personas need one click."""
    target = safe_target(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST":
        if actor_of(request).is_authenticated:
            return redirect(target)
        return _login_page(request, LoginForm())
    form = LoginForm(request.POST)
    try:
        if persona := request.POST.get("persona"):
            web.log_in_as_persona(request, persona)
        elif form.is_valid():
            cleaned = form.cleaned_data
            web.log_in(request, identifier=cleaned["login"], password=cleaned["password"])
        else:
            return _login_page(request, form, status=400)
    except SecondStepDue as due:
        return redirect(f"{reverse(due.page)}?{urlencode({'next': target})}")
    except DomainError as error:
        form.add_error(None, error.message)
        return _login_page(request, form, status=error.status)
    return redirect(target)


@page("users.sign_in", post="users.sign_in")
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session, its row included. A bare visit asks nothing and changes nothing."""
    if request.method == "POST":
        web.end_browser_session(request)
        add_toast(request, _("You are logged out."), "info")
    return redirect("login")


def safe_target(request: HttpRequest, target: str) -> str:
    """Where to go after logging in: a path of this host, else the start page."""
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if allowed else settings.LOGIN_REDIRECT_URL


def _login_page(request: HttpRequest, form: LoginForm, status: int = 200) -> HttpResponse:
    tenant = host_tenant(request)
    personas = [
        {"email": each.email, "label": each.label, "icon": PERSONA_ICONS[each.email.partition("@")[0]]}
        for each in web.demo_personas(tenant)
    ]
    context = {
        "form": form,
        "next": safe_target(request, request.POST.get("next") or request.GET.get("next") or ""),
        "register_url": reverse("register") if tenant is not None else "",
        "personas": personas,
        "login_options": options_of(request),
    }
    return render(request, "account/login.html", context, status=status)
