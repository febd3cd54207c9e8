"""A seller in France with a VAT id, and what it sells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from billing.invoices import options, services
from billing.invoices.models import Invoice
from billing.invoices.parties import Buyer, Line
from shared_apps.core.options import values
from shared_apps.tenants.models import Tenant

FRENCH = {
    options.SELLER_NAME: "Salle des Échanges SARL",
    options.SELLER_ADDRESS: "1 rue de la Bourse, 75002 Paris",
    options.SELLER_COUNTRY: "FR",
    options.SELLER_VAT_ID: "FR 83 404 833 048",
    options.SELLER_BANK: "FR76 3000 6000 0112 3456 7890 189",
}
ANNA = Buyer(
    name="Anna Example", address="Hauptstraße 1, 10115 Berlin", country="DE", email="anna@example.com"
)
PRO = Line(description="Plan Pro, one month", unit_minor=4900, product="plan:pro")


@contextmanager
def french_seller(**more: Any) -> Iterator[None]:
    """Everybody sells from France for a block; ``more`` changes other options by their constant's name."""
    with values({**FRENCH, **{getattr(options, name): value for name, value in more.items()}}):
        yield


def sell(seller: Tenant | None, key: str = "test:1", **changes: Any) -> Invoice:
    """An invoice over a month of Pro, in the caller's transaction."""
    wanted: dict[str, Any] = {
        "buyer": ANNA, "lines": [PRO], "currency": "EUR", "reference": "subscription:1", "due": None,
    }  # fmt: skip
    return services.issue(seller=seller, key=key, **(wanted | changes))
