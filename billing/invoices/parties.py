"""What callers say of a sale: who buys, and what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from shared_apps.core.branding import brand_of
from shared_apps.core.context import PUBLIC
from shared_apps.users.hosts import HostTenant

from . import options
from .rules import tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Whoever pays, as it stands on the paper.

    ``user_id`` may read it as their own; ``tenant`` is set where the platform bills an organisation.
    ``country`` has two letters (empty: not known). A ``vat_id`` that is none of that country counts as not
    given: callers check it where it is typed, by :func:`rules.tax.check_vat_id`. ``language`` is that of the
    document and the e-mail (empty: the seller's).
    """

    name: str
    address: str = ""
    country: str = ""
    vat_id: str = ""
    email: str = ""
    user_id: int | None = None
    tenant: HostTenant | None = None
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is sold. ``unit_minor`` in minor units, negative for a discount.

    ``product`` is what reports sum by (``plan:pro``). Prices include tax or not by the seller's option
    ``invoices.prices_include_tax``.
    """

    description: str
    unit_minor: int
    quantity: Decimal = Decimal(1)
    product: str = ""


@dataclass(frozen=True, slots=True)
class Seller:
    """The seller's details at this moment."""

    name: str
    address: str
    country: str
    vat_id: str
    bank: str
    email: str

    @property
    def party(self) -> tax.Party:
        return tax.Party(self.country, self.vat_id)


def schema_of(tenant: HostTenant | None) -> str:
    """The schema whose options and brand hold: the platform's own for None."""
    return PUBLIC if tenant is None else tenant.schema_name


def seller_details(tenant: HostTenant | None) -> Seller:
    """What the organisation, or the platform, has said of itself in its options."""
    schema = schema_of(tenant)
    country = options.SELLER_COUNTRY.value_for(schema)
    return Seller(
        name=options.SELLER_NAME.value_for(schema) or ("Tradehall" if tenant is None else tenant.name),
        address=options.SELLER_ADDRESS.value_for(schema),
        country=country,
        vat_id=tax.known_vat_id(country, options.SELLER_VAT_ID.value_for(schema)),
        bank=options.SELLER_BANK.value_for(schema),
        email=getattr(tenant, "email", None) or "",
    )


def language_of(buyer: Buyer, seller: HostTenant | None) -> str:
    """The buyer's language, else the seller's, else English."""
    known = dict(settings.LANGUAGES)
    wanted = (buyer.language, brand_of(schema_of(seller)).language)
    return next((code for code in wanted if code in known), settings.LANGUAGE_CODE)


def party_of(buyer: Buyer) -> tax.Party:
    """Where the buyer is, and the VAT id if it is one."""
    country = buyer.country.strip().upper()
    return tax.Party(country, tax.known_vat_id(country, buyer.vat_id))


def snapshot(buyer: Buyer) -> dict[str, str]:
    """The buyer as it is kept in the invoice."""
    party = party_of(buyer)
    return {
        "name": buyer.name,
        "address": buyer.address,
        "country": party.country,
        "vat_id": party.vat_id,
        "email": buyer.email,
    }


def plain_line(line: Line) -> dict[str, Any]:
    """A line as JSON."""
    return {
        "description": line.description,
        "product": line.product,
        "quantity": f"{line.quantity.normalize():f}",
        "unit_minor": line.unit_minor,
    }


@dataclass(frozen=True, slots=True)
class Quote:
    """What a sale would come to; minor units."""

    net_minor: int
    tax_minor: int
    gross_minor: int
    regime: str
    taxes: tuple[Mapping[str, Any], ...]
