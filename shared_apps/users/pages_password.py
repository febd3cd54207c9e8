"""Getting in again without the password: the pages around the code by e-mail."""

from __future__ import annotations

from typing import Final

from django import forms
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
from .pages_registration import CodeForm
from .services import passwords

#: The address that this browser asked a code for.
_KEPT: Final = "password_reset"


class ForgottenForm(forms.Form):
    """Whose password it is."""

    email = forms.EmailField(label=gettext_lazy("E-mail"))


class PasswordPairForm(forms.Form):
    """A new password, twice."""

    new_password1 = forms.CharField(
        label=gettext_lazy("New password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput,
        help_text=gettext_lazy("At least 8 characters, and not a common word."),
    )
    new_password2 = forms.CharField(
        label=gettext_lazy("Once more"), max_length=128, strip=False, widget=forms.PasswordInput
    )

    def clean_new_password2(self) -> str:
        """Refuse a second password that is not the first."""
        second: str = self.cleaned_data["new_password2"]
        if second != self.cleaned_data.get("new_password1", second):
            raise forms.ValidationError(_("The two passwords are not the same."))
        return second


class NewPasswordForm(PasswordPairForm, CodeForm):
    """The code of the e-mail, and the new password, twice."""

    field_order = ["email", "otp", "new_password1", "new_password2"]


@page("users.reset_password", post="users.reset_password")
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a code. What follows is the same for every address."""
    form = ForgottenForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            email = form.cleaned_data["email"]
            try:
                web.require_attempt_left(email)
                passwords.request_password_reset(email=email, host=host_of(request))
            except DomainError as error:
                form.add_error(None, error.message)
                status = error.status
            else:
                request.session[_KEPT] = email
                return redirect("set-new-password")
    return render(request, "account/reset.html", {"form": form}, status=status)


@page("users.reset_password", post="users.reset_password")
def set_new(request: HttpRequest) -> HttpResponse:
    """The code and a new password, twice. The link of the e-mail fills the code in; the form spends it."""
    first = {
        "email": request.GET.get("email") or request.session.get(_KEPT, ""),
        "otp": request.GET.get("code", "")[:20],
    }
    form = NewPasswordForm(request.POST or None, initial=first)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            cleaned = form.cleaned_data
            try:
                web.require_attempt_left(cleaned["email"])
                passwords.reset_password(
                    email=cleaned["email"],
                    code=cleaned["otp"],
                    new_password=cleaned["new_password1"],
                    host=host_of(request),
                )
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                request.session.pop(_KEPT, None)
                add_toast(request, _("The new password holds. Log in with it."))
                return redirect("login")
    context = {"form": form, "email": form["email"].value() or ""}
    return render(request, "account/reset_confirm.html", context, status=status)
