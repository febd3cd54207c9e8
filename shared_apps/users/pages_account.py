"""One's own account by page: address, password, devices."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shared_apps.access.pages import actor_of, page
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import queries, web
from .account_area import render_account
from .codes import host_of
from .hosts import host_tenant
from .pages_password import PasswordPairForm
from .pages_registration import OneCodeForm
from .services import addresses, passwords, sessions


class EmailForm(forms.Form):
    """The new address, and the password to show that it is oneself."""

    email = forms.EmailField(label=gettext_lazy("New address"))
    password = forms.CharField(
        label=gettext_lazy("Your password"), max_length=128, strip=False, widget=forms.PasswordInput
    )


class PasswordForm(PasswordPairForm):
    """The old password, and the new one twice."""

    old_password = forms.CharField(
        label=gettext_lazy("Present password"), max_length=128, strip=False, widget=forms.PasswordInput
    )
    field_order = ["old_password", "new_password1", "new_password2"]


@page("users.view_self", post="users.change_self")
def email(request: HttpRequest) -> HttpResponse:
    """The address as it is, and a form for another one."""
    actor = actor_of(request)
    form = EmailForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                web.require_attempt_left(str(actor.user_id))
                addresses.request_email_change(
                    actor=actor,
                    password=form.cleaned_data["password"],
                    new_email=form.cleaned_data["email"],
                    host=host_of(request),
                )
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                return redirect("account-email-confirm")
    with platform_context():
        user = queries.own_profile(actor)
    waiting = addresses.waiting_address(actor=actor, tenant=host_tenant(request))
    context = {"form": form, "person": user, "waiting": waiting}
    return render_account(request, "account/email.html", "account-email", context, status)


@page("users.change_self", post="users.change_self")
def confirm_email(request: HttpRequest) -> HttpResponse:
    """The code out of the new mailbox; the e-mail's link fills it in."""
    actor = actor_of(request)
    form = OneCodeForm(request.POST or None, initial={"otp": request.GET.get("code", "")[:20]})
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                web.require_attempt_left(str(actor.user_id))
                user = addresses.confirm_email_change(
                    actor=actor, code=form.cleaned_data["otp"], host=host_of(request)
                )
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                add_toast(request, _("Your address is %(email)s now.") % {"email": user.email})
                return redirect("account-email")
    waiting = addresses.waiting_address(actor=actor, tenant=host_tenant(request))
    context = {"form": form, "waiting": waiting}
    return render_account(request, "account/email_confirm.html", "account-email", context, status)


@page("users.change_self", post="users.change_self")
def resend_email(request: HttpRequest) -> HttpResponse:
    """A new code for the address that waits."""
    if request.method == "POST":
        try:
            addresses.resend_email_change(actor=actor_of(request), host=host_of(request))
        except DomainError as error:
            add_toast(request, error.message, "error")
        else:
            add_toast(request, _("A new code is on its way."), "info")
    return redirect("account-email-confirm")


@page("users.change_self", post="users.change_self")
def prove_email(request: HttpRequest) -> HttpResponse:
    """Send a code to the address that one has, where nobody proved it yet."""
    if request.method != "POST":
        return redirect("account-email")
    try:
        addresses.request_confirmation(actor=actor_of(request), host=host_of(request))
    except DomainError as error:
        add_toast(request, error.message, "error")
        return redirect("account-email")
    return redirect("account-email-confirm")


@page("users.reset_password", post="users.reset_password")
def undo_email(request: HttpRequest) -> HttpResponse:
    """The link that the old address got: a button gives the account back to it."""
    token = request.POST.get("token") or request.GET.get("token", "")
    if request.method == "POST":
        try:
            web.require_attempt_left("")
            addresses.undo_email_change(token=token, host=host_of(request))
        except ForbiddenError:
            raise
        except DomainError as error:
            add_toast(request, error.message, "error")
        else:
            add_toast(request, _("The old address holds again. A code for a new password is on its way."))
            return redirect("set-new-password")
    return render(request, "account/email_undo.html", {"token": token})


@page("users.view_self", post="users.change_self")
def password(request: HttpRequest) -> HttpResponse:
    """A new password; every other session ends."""
    actor = actor_of(request)
    form = PasswordForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                web.require_attempt_left(str(actor.user_id))
                passwords.change_password(
                    actor=actor,
                    old_password=form.cleaned_data["old_password"],
                    new_password=form.cleaned_data["new_password1"],
                    host=host_of(request),
                )
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                web.keep_browser_session(request)
                add_toast(request, _("The new password holds; all other sessions have ended."))
                return redirect("account-password")
    with platform_context():
        person = queries.own_profile(actor)
    context = {"form": form, "person": person}
    return render_account(request, "account/password.html", "account-password", context, status)


@page("users.view_self")
def devices(request: HttpRequest) -> HttpResponse:
    """Where one is logged in: on an organisation's host there, on the platform's everywhere."""
    actor = actor_of(request)
    with platform_context():
        rows = list(queries.own_sessions(actor, host_tenant(request)).select_related("tenant"))
    rows.sort(key=lambda row: row.pk != actor.session_id)
    context = {"rows": rows, "current": actor.session_id, "others": len(rows) > 1}
    return render_account(request, "account/devices.html", "account-devices", context)


@page("users.revoke_session", post="users.revoke_session")
def end_device(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """End one session. One's own ends like a log-out."""
    if request.method == "POST":
        actor = actor_of(request)
        if session_id == actor.session_id:
            web.end_browser_session(request)
            return redirect("login")
        sessions.revoke_session(actor=actor, session_id=session_id, tenant=host_tenant(request))
        add_toast(request, _("That session has ended."))
    return redirect("account-devices")


@page("users.revoke_session", post="users.revoke_session")
def end_other_devices(request: HttpRequest) -> HttpResponse:
    """End every session but this one."""
    if request.method == "POST":
        ended = sessions.revoke_all_sessions(
            actor=actor_of(request), tenant=host_tenant(request), keep_current=True
        )
        text = ngettext("%(count)s session has ended.", "%(count)s sessions have ended.", ended)
        add_toast(request, text % {"count": ended})
    return redirect("account-devices")
