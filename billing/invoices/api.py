"""``invoices/``: what one has bought, and for who sells all that was sold."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.fields import MoneyField
from shared_apps.core.api.views import ViewSet
from shared_apps.core.errors import DomainError
from shared_apps.core.money import Money
from shared_apps.users.authentication import FRESH
from shared_apps.users.hosts import host_tenant

from . import queries, services
from .models import Invoice
from .services.credits import REASON_LENGTH
from .show import money_of


class InvoicePartySerializer(serializers.Serializer[Any]):
    """Somebody as it stands on the paper."""

    name = serializers.CharField()
    address = serializers.CharField()
    country = serializers.CharField()
    vat_id = serializers.CharField()
    email = serializers.CharField()


class InvoiceLineSerializer(serializers.Serializer[Any]):
    """What was sold; whole minor units of the currency, the rate in percent."""

    description = serializers.CharField()
    product = serializers.CharField()
    quantity = serializers.CharField()
    unit_minor = serializers.IntegerField()
    net_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    rate = serializers.CharField()


class InvoiceTaxRateSerializer(serializers.Serializer[Any]):
    """What one rate comes to."""

    rate = serializers.CharField()
    net_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    """An invoice or a credit note; amounts of credit notes are positive."""

    seller = InvoicePartySerializer(source="seller_details")
    buyer = InvoicePartySerializer(source="buyer_details")
    lines = InvoiceLineSerializer(many=True)
    taxes = InvoiceTaxRateSerializer(many=True)
    net = serializers.SerializerMethodField()
    tax = serializers.SerializerMethodField()
    gross = serializers.SerializerMethodField()
    credited = serializers.SerializerMethodField()

    class Meta:
        model = Invoice
        fields = [
            "id", "number", "kind", "state", "corrects", "reason", "seller", "buyer", "lines", "taxes",
            "includes_tax", "net", "tax", "gross", "credited", "regime", "issued_on", "issued_at", "due_on",
            "paid_at", "reference", "language",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(MoneyField())
    def get_net(self, invoice: Invoice) -> dict[str, str]:
        return money_of(invoice.net_minor, invoice.currency).as_json()

    @extend_schema_field(MoneyField())
    def get_tax(self, invoice: Invoice) -> dict[str, str]:
        return money_of(invoice.tax_minor, invoice.currency).as_json()

    @extend_schema_field(MoneyField())
    def get_gross(self, invoice: Invoice) -> dict[str, str]:
        return money_of(invoice.gross_minor, invoice.currency).as_json()

    @extend_schema_field(MoneyField())
    def get_credited(self, invoice: Invoice) -> dict[str, str]:
        return money_of(invoice.credited_minor, invoice.currency).as_json()


class InvoiceCreditSerializer(serializers.Serializer[Any]):
    """How much of the gross is taken back (left out: all that is open), and why; the buyer reads it."""

    amount = MoneyField(required=False, allow_zero=False)
    reason = serializers.CharField(max_length=REASON_LENGTH)


class InvoiceFilter(filters.FilterSet):
    """``?kind=credit_note``, ``?state=open``, ``?currency=EUR``, ``?issued_after=2026-01-01`` and so on."""

    issued_after = filters.DateFilter(field_name="issued_on", lookup_expr="gte")
    issued_before = filters.DateFilter(field_name="issued_on", lookup_expr="lte")

    class Meta:
        model = Invoice
        fields = ["kind", "state", "currency", "number", "reference"]


class InvoiceViewSet(ViewSet):
    """Invoices and credit notes."""

    access = {
        "list": queries.VIEW,
        "retrieve": queries.VIEW,
        "pdf": queries.VIEW,
        "credit": queries.CREDIT,
    }
    authentication_classes = FRESH
    queryset = Invoice.objects.none()
    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilter
    ordering_fields = ("issued_at", "number", "gross_minor", "due_on")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Invoice]:
        return queries.visible_invoices(actor_of(self.request))

    @extend_schema(responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)}, filters=False)
    @action(detail=True)
    def pdf(self, request: Request, pk: UUID) -> HttpResponse:
        """The document as PDF, always the same bytes; the ETag is their SHA-256."""
        return pdf_response(queries.get_invoice(actor_of(request), pk))

    @extend_schema(request=InvoiceCreditSerializer, responses={201: InvoiceSerializer})
    @action(detail=True, methods=["post"])
    def credit(self, request: Request, pk: UUID) -> Response:
        """Issue a credit note. Needs a fresh proof of identity; money goes back by a refund, not by this."""
        body = InvoiceCreditSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        actor = actor_of(request)
        amount: Money | None = body.validated_data.get("amount")
        if amount is not None and amount.currency != queries.get_invoice(actor, pk).currency:
            raise DomainError(
                "invoices.currency", _("Credit in the currency of the invoice."), field="amount"
            )
        note = services.credit_invoice(
            actor=actor,
            tenant=host_tenant(request._request),
            invoice_id=pk,
            minor_units=None if amount is None else amount.minor_units(),
            reason=body.validated_data["reason"],
            key=str(uuid4()),  # a repeated request is answered by its Idempotency-Key
        )
        return Response(self.get_serializer(note).data, status=201)


def pdf_response(invoice: Invoice) -> HttpResponse:
    """The PDF for a browser or a program; no cache between keeps it."""
    content, digest = queries.document_of(invoice)
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{_file_name(invoice)}"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["ETag"] = f'"{digest}"'
    return response


def _file_name(invoice: Invoice) -> str:
    """Numbers hold capital letters, digits, hyphens and slashes (options.INVOICE_PREFIX)."""
    return f"{invoice.number.replace('/', '-')}.pdf"
