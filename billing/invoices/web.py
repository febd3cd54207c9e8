"""Pages of invoices on both hosts: the list, one document, its PDF, and the staff's credit note."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.context import PUBLIC, host_schema
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.core.money import Money
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast
from shared_apps.users.hosts import host_tenant, id_of

from . import queries, services
from .api import pdf_response
from .models import Invoice, Kind, State
from .services.credits import REASON_LENGTH
from .show import as_money, as_number, money_of

PAGE_SIZE = 20


class CreditForm(forms.Form):
    """How much is taken back, and why. ``key`` makes a form that is sent twice one note."""

    amount = forms.DecimalField(
        label=gettext_lazy("Amount with tax"),
        required=False,
        max_digits=38,
        help_text=gettext_lazy("Empty: all that is open."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        help_text=gettext_lazy("It stands on the credit note."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def minor_units(self, currency: str) -> int | None:
        """The amount in minor units. Raises DomainError for a finer one."""
        amount: Decimal | None = self.cleaned_data["amount"]
        if amount is None:
            return None
        try:
            return Money(amount, currency).minor_units()
        except ValueError:
            raise DomainError(
                "invoices.too_fine",
                _("The amount is finer than the currency's smallest unit."),
                field="amount",
            ) from None


@page(queries.VIEW)
def invoice_list(request: HttpRequest) -> HttpResponse:
    """One's invoices, or all of them for the seller's staff; by kind and state."""
    wanted = {
        "kind": request.GET.get("kind", ""),
        "state": request.GET.get("state", ""),
        "q": request.GET.get("q", "").strip()[:100],
    }
    rows = queries.visible_invoices(actor_of(request))
    if wanted["kind"] in Kind.values:
        rows = rows.filter(kind=wanted["kind"])
    if wanted["state"] in State.values:
        rows = rows.filter(state=wanted["state"])
    if wanted["q"]:
        rows = queries.matching(rows, wanted["q"])
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "frame": _frame(),
        "breadcrumbs": [(_("Invoices"), "")],
        "page": found,
        "rows": [_row(invoice) for invoice in found.object_list],
        "wanted": wanted,
        "is_filtered": any(wanted.values()),
        "kinds": Kind.choices,
        "states": State.choices,
    }
    return render(request, "invoices/list.html", context)


@page(queries.VIEW)
def detail(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """One document as it was issued, and what became of it."""
    return _detail(request, queries.get_invoice(actor_of(request), invoice_id), _empty_form())


@page(queries.VIEW)
def document(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """The PDF."""
    return pdf_response(queries.get_invoice(actor_of(request), invoice_id))


@page(queries.CREDIT, post=queries.CREDIT)
def credit(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """Issue a credit note. A bare visit goes back to the invoice."""
    invoice = queries.get_for_credit(actor_of(request), invoice_id)
    if request.method != "POST":
        return redirect("invoices:detail", invoice_id)
    form = CreditForm(request.POST)
    if not form.is_valid():
        return _detail(request, invoice, form, status=400)
    try:
        note = services.credit_invoice(
            actor=actor_of(request),
            tenant=host_tenant(request),
            invoice_id=invoice_id,
            minor_units=form.minor_units(invoice.currency),
            reason=form.cleaned_data["reason"],
            key=str(form.cleaned_data["key"]),
        )
    except (ForbiddenError, NotFoundError):
        raise
    except DomainError as error:
        if error.field == "minor_units":
            error = DomainError(error.code, error.message, field="amount")
        add_domain_error(form, error)
        return _detail(request, invoice, form, status=error.status)
    add_toast(request, _("Credit note %(number)s is issued.") % {"number": note.number})
    return redirect("invoices:detail", note.pk)


def _empty_form() -> CreditForm:
    return CreditForm(initial={"key": uuid4()})


def _detail(request: HttpRequest, invoice: Invoice, form: CreditForm, status: int = 200) -> HttpResponse:
    currency = invoice.currency
    context: dict[str, Any] = {
        "frame": _frame(),
        "breadcrumbs": [(_("Invoices"), reverse("invoices:list")), (invoice.number, "")],
        "invoice": invoice,
        "corrects": invoice.corrects,
        "notes": [_row(note) for note in queries.notes_of(actor_of(request), invoice)],
        "lines": [
            {
                **line,
                "quantity": as_number(line["quantity"]),
                "unit": as_money(line["unit_minor"], currency),
                "rate": as_number(line["rate"]),
                "amount": as_money(
                    line["net_minor"] + (line["tax_minor"] if invoice.includes_tax else 0), currency
                ),
            }
            for line in invoice.lines
        ],
        "taxes": [(as_number(each["rate"]), as_money(each["tax_minor"], currency)) for each in invoice.taxes],
        "net": as_money(int(invoice.net_minor), currency),
        "gross": as_money(int(invoice.gross_minor), currency),
        "open": as_money(invoice.open_minor, currency),
        "form": form,
        "may_credit": may(request, queries.CREDIT)
        and invoice.seller_id == id_of(host_tenant(request))
        and not invoice.is_credit_note
        and invoice.open_minor > 0,
    }
    return render(request, "invoices/detail.html", context, status=status)


def _row(invoice: Invoice) -> dict[str, Any]:
    sign = -1 if invoice.is_credit_note else 1
    return {
        "invoice": invoice,
        "buyer": invoice.buyer_details["name"],
        "seller": invoice.seller_details["name"],
        "gross": money_of(sign * int(invoice.gross_minor), invoice.currency),
    }


def _frame() -> str:
    return "platform_base.html" if host_schema() == PUBLIC else "base.html"
