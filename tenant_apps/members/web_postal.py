"""One's addresses and business among the pages of the account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from shared_apps.access.pages import actor_of, page
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast
from shared_apps.users.account_area import render_account

from . import queries, services
from .models import Address, ProfessionalInfo
from .services.postal import ADDRESS_FIELDS, BUSINESS_FIELDS


class _CountryForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form with a country by name, in the language of the page."""

    country = forms.ChoiceField(label=gettext_lazy("Country"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["country"]
        field.choices = [("", "—"), *countries]


class AddressForm(_CountryForm):
    """A postal address."""

    class Meta:
        model = Address
        fields = ADDRESS_FIELDS
        labels = {
            "label": gettext_lazy("What you call it"),
            "recipient": gettext_lazy("Name on the letter box"),
            "company": gettext_lazy("Company"),
            "line1": gettext_lazy("Street and number"),
            "line2": gettext_lazy("More (floor, building)"),
            "postal_code": gettext_lazy("Postal code"),
            "city": gettext_lazy("City"),
            "region": gettext_lazy("Region or state"),
            "phone_number": gettext_lazy("Telephone"),
            "is_default_shipping": gettext_lazy("Parcels go here"),
            "is_default_billing": gettext_lazy("Bills go here"),
        }
        help_texts = {"label": ""}


class BusinessForm(_CountryForm):
    """A business with its numbers."""

    class Meta:
        model = ProfessionalInfo
        fields = BUSINESS_FIELDS
        labels = {
            "legal_name": gettext_lazy("Name of the business"),
            "legal_form": gettext_lazy("Legal form"),
            "registration_number": gettext_lazy("Registration number"),
            "vat_number": gettext_lazy("VAT number"),
            "tax_id": gettext_lazy("Tax number"),
        }
        help_texts = {"registration_number": gettext_lazy("In France the SIRET, 14 digits.")}


@page("members.view_address", post="members.change_address")
def addresses(request: HttpRequest) -> HttpResponse:
    """One's addresses, and a form for another one."""
    actor = actor_of(request)
    form = AddressForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.add_address(actor=actor, values=form.cleaned_data)
            except ForbiddenError:
                raise
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                add_toast(request, _("The address is kept."))
                return redirect("account-addresses")
    rows = [(row, countries.name(row.country)) for row in queries.own_addresses(actor)]
    context = {"form": form, "rows": rows}
    return render_account(request, "account/addresses.html", "account-addresses", context, status)


@page("members.view_address", post="members.change_address")
def address(request: HttpRequest, address_id: UUID) -> HttpResponse:
    """Change one address."""
    actor = actor_of(request)
    row = queries.own_addresses(actor).filter(pk=address_id).first()
    if row is None:
        raise Http404
    form = AddressForm(request.POST or None, instance=row)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.change_address(actor=actor, address_id=address_id, changes=form.cleaned_data)
            except (ForbiddenError, NotFoundError):
                raise
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                add_toast(request, _("The address is kept."))
                return redirect("account-addresses")
    context = {"form": form, "address_id": address_id}
    return render_account(request, "account/address.html", "account-addresses", context, status)


@page("members.change_address", post="members.change_address")
def remove_address(request: HttpRequest, address_id: UUID) -> HttpResponse:
    """Forget one address. A bare visit changes nothing."""
    if request.method == "POST":
        services.remove_address(actor=actor_of(request), address_id=address_id)
        add_toast(request, _("The address is forgotten."))
    return redirect("account-addresses")


@page("members.view_business", post="members.change_business")
def business(request: HttpRequest) -> HttpResponse:
    """The business that one acts for; ``remove`` forgets it."""
    actor = actor_of(request)
    info = queries.own_business(actor)
    form = BusinessForm(request.POST or None, instance=info)
    status = 200
    if request.method == "POST" and "remove" in request.POST:
        services.remove_business(actor=actor)
        add_toast(request, _("The business is forgotten."))
        return redirect("account-business")
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.set_business(actor=actor, values=form.cleaned_data)
            except ForbiddenError:
                raise
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                add_toast(request, _("Your business is saved."))
                return redirect("account-business")
    is_professional = getattr(request.user, "account_type", "") == "professionnel"
    context = {"form": form, "is_known": info is not None, "is_professional": is_professional}
    return render_account(request, "account/business.html", "account-business", context, status)
