"""What the seller's staff does with invoices."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.invoices import queries
from billing.invoices.models import Invoice
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core.errors import ForbiddenError
from shared_apps.users.hosts import HostTenant, id_of

from .credits import credit


@transaction.atomic(durable=True)
def credit_invoice(
    *,
    actor: Actor,
    tenant: HostTenant | None,
    invoice_id: UUID,
    minor_units: int | None,
    reason: str,
    key: str,
) -> Invoice:
    """Issue a credit note by hand, over ``minor_units`` of the gross (None: all that is open).

    It corrects the paper; money goes back by a refund. ``key`` makes a repeated form one note. Raises
    StepUpRequired, NotFoundError, ForbiddenError for an invoice of another seller, and what
    :func:`services.credit` raises.
    """
    require(actor, queries.CREDIT)
    require_recent(actor)
    invoice = queries.get_for_credit(actor, invoice_id)
    if invoice.seller_id != id_of(tenant):
        raise ForbiddenError("invoices.not_seller", _("Only the seller can credit an invoice."))
    return credit(
        seller=tenant,
        invoice_id=invoice_id,
        minor_units=minor_units,
        reason=reason,
        key=f"staff:{invoice_id}:{key}",
    )
