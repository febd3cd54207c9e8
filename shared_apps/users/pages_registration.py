"""Joining by page: the form, the code out of the mailbox, and in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import page
from shared_apps.core.errors import DomainError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import web
from .codes import host_of
from .hosts import client_of, host_tenant
from .options import SELF_REGISTRATION
from .services import registration

#: What this browser asked for: the address and the row that waits for its code.
_KEPT: Final = "registration"


class RegistrationForm(forms.Form):
    """A person who wants to join this organisation."""

    full_name = forms.CharField(label=gettext_lazy("Your name"), max_length=150)
    email = forms.EmailField(label=gettext_lazy("E-mail"))
    password = forms.CharField(
        label=gettext_lazy("Password"),
        min_length=8,
        max_length=128,
        strip=False,
        widget=forms.PasswordInput,
        help_text=gettext_lazy("At least 8 characters, and not a common word."),
    )


class OneCodeForm(forms.Form):
    """The six digits of an e-mail."""

    otp = forms.RegexField(
        label=gettext_lazy("Code"),
        regex=r"^\s*(?:[0-9]\s*){6}\Z",
        max_length=20,
        error_messages={"invalid": gettext_lazy("The code has six digits.")},
        help_text=gettext_lazy("Six digits, from our newest letter."),
    )


class CodeForm(OneCodeForm):
    """The code, and the address it was sent to."""

    email = forms.EmailField(label=gettext_lazy("E-mail"))
    field_order = ["email", "otp"]


class CodeFromElsewhereForm(CodeForm):
    """The same in a browser that did not register: whoever did may have chosen a password they know."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput,
        help_text=gettext_lazy("The one you chose, or a new one. If you have an account already, its own."),
    )


@page("users.register_account", post="users.register_account")
def register(request: HttpRequest) -> HttpResponse:
    """Ask to join. What follows is the same whether or not the address is known (C40)."""
    form = RegistrationForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                _register(request, form.cleaned_data)
            except DomainError as error:
                add_domain_error(form, _on_our_fields(error))
                status = error.status
            else:
                return redirect("confirm-registration")
    context = {"form": form, "is_open": SELF_REGISTRATION.value()}
    return render(request, "account/register.html", context, status=status)


def _register(request: HttpRequest, cleaned: Mapping[str, str]) -> None:
    web.require_attempt_left(cleaned["email"])
    code_id = registration.register(
        application=_application(cleaned),
        host=host_of(request),
        remote_addr=client_of(request).remote_addr,
    )
    request.session[_KEPT] = [cleaned["email"], str(code_id)]


def _application(cleaned: Mapping[str, str]) -> registration.Application:
    first_name, _blank, last_name = cleaned["full_name"].strip().rpartition(" ")
    return registration.Application(
        email=cleaned["email"],
        password=cleaned["password"],
        first_name=first_name or last_name,
        last_name=last_name if first_name else "",
    )


def _on_our_fields(error: DomainError) -> DomainError:
    """The API calls the field `password1`, this form `password`."""
    if "password1" in error.details:
        error.details = {"password": error.details["password1"]}
    return error


@page("users.register_account", post="users.register_account")
def confirm(request: HttpRequest) -> HttpResponse:
    """Bring the code. The e-mail's link fills it in; only the button spends it: scanners follow links."""
    email, _code_id = _kept(request)
    first = {"email": request.GET.get("email") or email, "otp": request.GET.get("code", "")[:20]}
    wanted = str(request.POST.get("email") or first["email"])
    kind = CodeForm if email and wanted.strip().lower() == email.lower() else CodeFromElsewhereForm
    form = kind(request.POST or None, initial=first)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return _confirm(request, form.cleaned_data)
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
    context = {"form": form, "email": form["email"].value() or ""}
    return render(request, "account/confirm_registration.html", context, status=status)


def _confirm(request: HttpRequest, cleaned: Mapping[str, str]) -> HttpResponse:
    web.require_attempt_left(cleaned["email"])
    email, code_id = _kept(request)
    is_ours = cleaned["email"].lower() == email.lower()
    confirmed = registration.confirm(
        email=cleaned["email"],
        code=cleaned["otp"],
        tenant=host_tenant(request),
        code_id=code_id if is_ours else None,
        password=cleaned.get("password", ""),
    )
    request.session.pop(_KEPT, None)
    if confirmed.is_new and is_ours:
        # The browser that chose the password may go on; a link opened elsewhere leads to the log-in.
        web.start_browser_session(request, confirmed.user)
        add_toast(request, _("Welcome. Your address is confirmed."))
        return redirect(settings.LOGIN_REDIRECT_URL)
    if confirmed.needs_password:
        add_toast(request, _("Your address is confirmed. Ask for a new password: the old one is void."))
        return redirect("forgotten")
    add_toast(
        request,
        _("Your address is confirmed. Log in with your password.")
        if confirmed.is_new
        else _("You are a member now. Log in with your usual password."),
    )
    return redirect("login")


@page("users.register_account", post="users.register_account")
def resend(request: HttpRequest) -> HttpResponse:
    """Ask for a new code; the old one is dead."""
    email = request.POST.get("email") or _kept(request)[0]
    form: Any = CodeForm({"email": email, "otp": "000000"})
    if request.method != "POST" or not form.is_valid():
        return redirect("confirm-registration")
    try:
        web.require_attempt_left(email)
        registration.resend_code(email=email, host=host_of(request))
    except DomainError as error:
        add_toast(request, error.message, "error")
    else:
        add_toast(request, _("If a registration waits for this address, a new code is on its way."), "info")
    return redirect("confirm-registration")


def _kept(request: HttpRequest) -> tuple[str, UUID | None]:
    email, code_id = request.session.get(_KEPT, ("", None))
    return email, UUID(code_id) if code_id else None
