"""Invoices as rows: a whole document in one, so that one trigger keeps it as it was issued."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shared_apps.core.fields import UUIDv7Field
from shared_apps.core.money import MINOR_DIGITS

_TENANT = "tenants.Tenant"


def _minor_units(**options: Any) -> models.DecimalField[Any, Any]:
    """Whole minor units of a currency."""
    return models.DecimalField(max_digits=38, decimal_places=0, **options)


class Kind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class State(models.TextChoices):
    """See :mod:`rules.states`."""

    OPEN = "open", pgettext_lazy("invoice", "Open")
    PAID = "paid", _("Paid")
    CREDITED = "credited", _("Credited")


class Regime(models.TextChoices):
    """See :mod:`rules.tax`."""

    DOMESTIC = "domestic", _("Domestic")
    ONE_STOP = "one_stop", _("One-stop shop")
    REVERSE_CHARGE = "reverse_charge", _("Reverse charge")
    OUTSIDE = "outside", _("Outside the EU")
    NOT_REGISTERED = "not_registered", _("Not registered for VAT")


class TaxRate(models.Model):
    """The standard rate of a country from a day on, in percent."""

    country = models.CharField(max_length=2)
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    valid_from = models.DateField()

    class Meta:
        ordering = ("country", "-valid_from")
        constraints = [
            models.UniqueConstraint(fields=["country", "valid_from"], name="invoices_rate_once"),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="invoices_rate_is_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.percent} % from {self.valid_from}"


class NumberSeries(models.Model):
    """The last number that a seller has given in a year. Locked until its invoice is committed."""

    audit_exempt = "plumbing: the invoices that took the numbers are audited"

    seller = models.ForeignKey(_TENANT, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)
    last_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "kind", "year"], name="invoices_series_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.year} of {self.seller_id}: {self.last}"


class Invoice(models.Model):
    """An invoice or a credit note. The platform is the seller where ``seller`` is null (C38).

    ``seller_details`` and ``buyer_details`` are what stands on the paper: name, address, country, vat_id,
    email, and of the seller bank. ``lines`` and ``taxes`` hold minor units as whole numbers and rates as
    text. Everything but ``state``, ``paid_at``, ``payment`` and ``credited_minor`` is refused a change by
    the database (:mod:`.immutability`). Amounts of credit notes are positive.
    """

    id = UUIDv7Field()
    seller = models.ForeignKey(_TENANT, null=True, on_delete=models.PROTECT, related_name="+")
    buyer_tenant = models.ForeignKey(_TENANT, null=True, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.INVOICE)
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="credit_notes")
    reason = models.CharField(max_length=500, blank=True)

    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    reference = models.CharField(max_length=200, blank=True)

    seller_details = models.JSONField(encoder=DjangoJSONEncoder)
    buyer_details = models.JSONField(encoder=DjangoJSONEncoder)
    language = models.CharField(max_length=10)

    currency = models.CharField(max_length=10)
    lines = models.JSONField()
    taxes = models.JSONField()
    includes_tax = models.BooleanField()
    net_minor = _minor_units()
    tax_minor = _minor_units()
    gross_minor = _minor_units()
    regime = models.CharField(max_length=16, choices=Regime.choices)

    issued_at = models.DateTimeField(default=timezone.now)
    issued_on = models.DateField()
    due_on = models.DateField(null=True, help_text=_("Null: paid when it was issued"))

    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    paid_at = models.DateTimeField(null=True)
    payment = models.CharField(max_length=200, blank=True)
    credited_minor = _minor_units(default=0)

    class Meta:
        ordering = ("-issued_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "kind", "year", "sequence"],
                name="invoices_number_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(fields=["seller", "key"], name="invoices_key_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(gross_minor=F("net_minor") + F("tax_minor"))
                & Q(net_minor__gte=0, tax_minor__gte=0),
                name="invoices_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(credited_minor__gte=0, credited_minor__lte=F("gross_minor")),
                name="invoices_credit_within",
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.INVOICE, corrects=None)
                | Q(kind=Kind.CREDIT_NOTE, corrects__isnull=False),
                name="invoices_credit_corrects",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.PAID) | Q(paid_at__isnull=False), name="invoices_paid_when"
            ),
            models.CheckConstraint(
                condition=Q(currency__in=sorted(MINOR_DIGITS)), name="invoices_currency_known"
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "-issued_at"], name="invoices_of_seller"),
            models.Index(fields=["user", "-issued_at"], name="invoices_of_user"),
            models.Index(fields=["buyer_tenant", "-issued_at"], name="invoices_of_tenant"),
            models.Index(fields=["reference"], name="invoices_reference"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_credit_note(self) -> bool:
        return self.kind == Kind.CREDIT_NOTE

    @property
    def open_minor(self) -> int:
        """What credit notes have left of it."""
        return int(self.gross_minor - self.credited_minor)


class InvoiceDocument(models.Model):
    """The PDF as it was first made; ``sha256`` of its bytes in hexadecimal. Never changed."""

    audit_left_out = ("content",)

    invoice = models.OneToOneField(
        Invoice, primary_key=True, on_delete=models.PROTECT, related_name="document"
    )
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "invoices_document"

    def __str__(self) -> str:
        return f"document of {self.invoice_id}"
