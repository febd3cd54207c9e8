"""Getting in again without the password: the pages around the link by e-mail."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import page
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import web
from .hosts import host_tenant
from .services import passwords


class ForgottenForm(forms.Form):
    """Whose password it is."""

    email = forms.EmailField(label=gettext_lazy("E-mail"))


class NewPasswordForm(forms.Form):
    """The new password, twice."""

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


@page("users.reset_password", post="users.reset_password")
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same for every address."""
    form = ForgottenForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            email = form.cleaned_data["email"]
            try:
                web.require_attempt_left(email)
                passwords.request_password_reset(
                    email=email,
                    origin=f"{request.scheme}://{request.get_host()}",
                    tenant=host_tenant(request),
                )
            except DomainError as error:
                form.add_error(None, error.message)
                status = error.status
            else:
                return render(request, "account/reset_sent.html", {"email": email})
    return render(request, "account/reset.html", {"form": form}, status=status)


@page("users.reset_password", post="users.reset_password")
def set_new(request: HttpRequest) -> HttpResponse:
    """Where the link leads: a new password, twice. The link is spent by the form, not by the visit."""
    form = NewPasswordForm(request.POST or None)
    token = request.POST.get("token") or request.GET.get("token", "")
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                web.require_attempt_left("")
                passwords.reset_password(
                    token=token, new_password=form.cleaned_data["new_password1"], tenant=host_tenant(request)
                )
            except ForbiddenError as error:
                form.add_error(None, error.message)
                status = error.status
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                add_toast(request, _("The new password holds. Log in with it."))
                return redirect("login")
    return render(request, "account/reset_confirm.html", {"form": form, "token": token}, status=status)
