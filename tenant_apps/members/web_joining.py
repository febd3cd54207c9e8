"""Pages for who is invited: accepting an invitation, and asking for one by a join link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, page
from shared_apps.core.errors import DomainError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast
from shared_apps.users import web as identity
from shared_apps.users.hosts import client_of, host_tenant
from shared_apps.users.second_step import SecondStepDue
from shared_apps.users.services.invited import NewPerson, has_account

from . import queries, services
from .models import Capability, Invitation
from .services.join_links import find_join_link

_PASSWORD: dict[str, Any] = {"max_length": 128, "strip": False, "widget": forms.PasswordInput}


class NewPersonForm(forms.Form):
    """Who has no account yet."""

    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=150)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=150, required=False)
    password = forms.CharField(
        label=gettext_lazy("Choose a password"),
        min_length=8,
        help_text=gettext_lazy("At least 8 characters, and not a common word."),
        **_PASSWORD,
    )


class KnownPersonForm(forms.Form):
    """Who has an account: its password."""

    password = forms.CharField(label=gettext_lazy("The password of your account"), **_PASSWORD)


class NobodysForm(forms.Form):
    """Who is logged in: nothing to fill in."""


class AskForm(forms.Form):
    """Where the invitation goes."""

    email = forms.EmailField(label=gettext_lazy("Your e-mail"), max_length=254)


@page("members.use_invitation", post="members.use_invitation")
def invitation(request: HttpRequest) -> HttpResponse:
    """The page behind the link of the mail; a visit alone changes nothing (mail scanners visit links)."""
    token = request.POST.get("token") or request.GET.get("token", "")
    try:
        shown = queries.find_invitation(token)
    except DomainError as error:
        return _closed(request, error)
    form = _form_for(request, shown)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return _accept(request, token, shown, form.cleaned_data)
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
    context = {
        "form": form,
        "token": token,
        "invitation": shown,
        "roles": [Capability(name).label for name in shown.capabilities],
        "is_known": isinstance(form, KnownPersonForm),
    }
    return _private(render(request, "members/invitation.html", context, status=status))


def _form_for(request: HttpRequest, shown: Invitation) -> forms.Form:
    kind: type[forms.Form] = NewPersonForm
    if actor_of(request).is_authenticated:
        kind = NobodysForm
    elif has_account(shown.email):
        kind = KnownPersonForm
    return kind(request.POST if request.method == "POST" else None)


def _accept(request: HttpRequest, token: str, shown: Invitation, given: dict[str, Any]) -> HttpResponse:
    tenant = host_tenant(request)
    assert tenant is not None  # the address exists on tenants' hosts only
    identity.require_attempt_left(shown.email)
    password = given.get("password", "")
    person = None
    if "first_name" in given:
        person = NewPerson(password=password, first_name=given["first_name"], last_name=given["last_name"])
    was_known = actor_of(request).is_authenticated
    services.accept_invitation(
        actor=actor_of(request),
        token=token,
        tenant=tenant,
        client=client_of(request),
        password=password,
        person=person,
    )
    add_toast(request, _("Welcome to %(name)s.") % {"name": tenant.name})
    if not was_known:
        # The usual door, which asks for the second factor where there is one.
        try:
            identity.log_in(request, identifier=shown.email, password=password)
        except SecondStepDue as due:
            return redirect(f"{reverse(due.page)}?{urlencode({'next': '/'})}")
        except DomainError:  # they are in; the log-in page says what it still wants
            return redirect("login")
    return redirect("/")


@page("members.use_invitation", post="members.use_invitation")
def ask(request: HttpRequest) -> HttpResponse:
    """The page behind a join link: say where the invitation goes."""
    token = request.POST.get("token") or request.GET.get("token", "")
    form = AskForm(request.POST if request.method == "POST" else None)
    status = 200
    try:
        link = find_join_link(token)
        if request.method == "POST":
            status = 400
            if form.is_valid():
                email = form.cleaned_data["email"]
                identity.require_attempt_left(email)
                services.ask_by_join_link(
                    token=token, email=email, origin=request.build_absolute_uri("/").rstrip("/")
                )
                return render(request, "members/invitation_asked.html", {"email": email})
    except DomainError as error:
        if error.code.startswith("join_link."):
            return _closed(request, error)
        add_domain_error(form, error)
        return _private(
            render(
                request, "members/invitation_ask.html", {"form": form, "token": token}, status=error.status
            )
        )
    context = {"form": form, "token": token, "link": link}
    return _private(render(request, "members/invitation_ask.html", context, status=status))


def _closed(request: HttpRequest, error: DomainError) -> HttpResponse:
    context = {"reason": error.message}
    return render(request, "members/invitation_closed.html", context, status=error.status)


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
