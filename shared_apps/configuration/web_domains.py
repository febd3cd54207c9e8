"""The page of domains: claim, set the record, check, choose the first address, give up."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.errors import DomainError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import queries, services
from .models import CustomDomain


class DomainForm(forms.Form):
    """A domain to claim."""

    domain = forms.CharField(
        label=gettext_lazy("Domain"), max_length=253, help_text=gettext_lazy("Like club.example.com.")
    )


@page("configuration.view_domain", post="configuration.change_domain")
def domain_list(request: HttpRequest) -> HttpResponse:
    """The organisation's hosts; POST claims another."""
    form = DomainForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.add_domain(actor=actor_of(request), domain=form.cleaned_data["domain"])
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                add_toast(request, _("Added. Set the record, then check it."))
                return redirect("settings:domains")
    context = {
        "breadcrumbs": [(_("Settings"), reverse("settings:options")), (_("Domains"), "")],
        "domains": queries.domains_of(actor_of(request)),
        "form": form,
        "tab": "domains",
        "may_change": may(request, "configuration.change_domain"),
    }
    return render(request, "settings/domains.html", context, status=status)


@page("configuration.change_domain", post="configuration.change_domain")
def domain_check(request: HttpRequest, domain_id: UUID) -> HttpResponse:
    """Look for the record now."""
    if request.method == "POST":
        try:
            row = services.check_domain(actor=actor_of(request), domain_id=domain_id)
        except NotFoundError:
            raise
        except DomainError as error:
            add_toast(request, error.message, "error")
        else:
            _tell(request, row)
    return redirect("settings:domains")


@page("configuration.change_domain", post="configuration.change_domain")
def domain_remove(request: HttpRequest, domain_id: UUID) -> HttpResponse:
    """Give a domain up."""
    if request.method == "POST":
        services.remove_domain(actor=actor_of(request), domain_id=domain_id)
        add_toast(request, _("Given up."))
    return redirect("settings:domains")


@page("configuration.change_domain", post="configuration.change_domain")
def domain_primary(request: HttpRequest) -> HttpResponse:
    """Choose the first address; without ``id`` the subdomain."""
    if request.method == "POST":
        try:
            chosen = UUID(request.POST["id"]) if request.POST.get("id") else None
        except ValueError:
            raise NotFoundError("domain.unknown", _("There is no such domain.")) from None
        try:
            services.make_primary(actor=actor_of(request), domain_id=chosen)
        except NotFoundError:
            raise
        except DomainError as error:
            add_toast(request, error.message, "error")
        else:
            add_toast(request, _("Saved."))
    return redirect("settings:domains")


def _tell(request: HttpRequest, row: CustomDomain) -> None:
    if row.state == CustomDomain.State.VERIFIED and not row.problem:
        add_toast(request, _("%(domain)s is verified.") % {"domain": row.domain})
    elif row.problem == "no_answer":
        add_toast(request, _("No name server answered; we try again by ourselves."), "warning")
    elif row.problem == "taken":
        add_toast(request, _("Another organisation has verified this domain."), "error")
    else:
        add_toast(request, _("The record is not there yet; it may take an hour to be seen."), "warning")
