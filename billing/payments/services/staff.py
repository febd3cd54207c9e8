"""What people of the staff confirm about bank transfers: four eyes, and above an amount two pairs of them."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.payments import queries
from billing.payments.events import ReceiptConfirmed
from billing.payments.models import Payment, Payout, Refund, StaffConfirmation, money_of
from billing.payments.providers.base import Capability, ObjectKind, provider_type
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core.context import PUBLIC, platform_context
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared_apps.core.locking import lock_one
from shared_apps.core.money import Money

from . import steps
from .frames import Seen, tell, whole_units
from .gateways import connect

_MODELS: Final[dict[str, type[Any]]] = {"payment": Payment, "refund": Refund, "payout": Payout}
_OPEN: Final = ("pending", "processing")


def confirm_transfer(
    *,
    actor: Actor,
    kind: str,
    object_id: UUID,
    happened: bool,
    money: Money | None = None,
    bank_reference: str = "",
) -> Any:
    """Say that a transfer arrived (``happened``), or that it will not. ``money`` defaults to what was asked.

    Nobody confirms what they pay, receive or asked for; from ``payments.two_confirmations_from`` on two
    different people say the same. Raises StepUpRequired, NotFoundError, ForbiddenError
    (``payments.own_transfer``), ConflictError (``payments.not_waiting``, ``payments.said_already``,
    ``payments.disagrees``), DomainError naming ``amount`` or ``bank_reference``.
    """
    require(actor, "payments.confirm_transfer")
    require_recent(actor)
    if len(bank_reference) > 140 or not bank_reference.isprintable():
        raise DomainError(
            "payments.bank_reference", _("Give one line of at most 140 characters."), field="bank_reference"
        )
    if kind not in _MODELS or actor.user_id is None:
        raise NotFoundError("payments.unknown", _("There is no such payment."))
    with platform_context(), transaction.atomic(durable=True):
        row = _locked(actor, kind, object_id)
        _refuse_own(actor, kind, row)
        if row.state not in _OPEN or Capability.STAFF not in provider_type(row.provider).capabilities:
            raise ConflictError("payments.not_waiting", _("Nothing is waiting for a confirmation here."))
        units = row.minor_units if money is None else whole_units(row.configuration, money)
        if money is not None and money.currency != row.currency:
            raise DomainError("payments.currency", _("This is another currency."), field="currency")
        if money is not None and kind != "payment" and units != row.minor_units:
            raise DomainError("payments.amount", _("Only the whole amount can be sent."), field="amount")
        said = list(queries.confirmations_of(row.pk))
        if any(each.confirmed_by_id == actor.user_id for each in said):
            raise ConflictError("payments.said_already", _("You have confirmed this already."))
        if any((each.happened, each.minor_units) != (happened, units) for each in said):
            raise ConflictError(
                "payments.disagrees", _("Somebody else has said otherwise. Talk to each other first.")
            )
        StaffConfirmation.objects.create(
            tenant=row.tenant,
            configuration_id=row.configuration_id,
            object_kind=kind,
            object_id=row.pk,
            happened=happened,
            currency=row.currency,
            minor_units=units,
            bank_reference=bank_reference,
            confirmed_by_id=actor.user_id,
        )
        schema = row.tenant.schema_name if row.tenant else PUBLIC
        at_stake = money_of(max(row.minor_units, units), row.currency)
        enough = len(said) + 1 >= queries.confirmations_needed(at_stake, schema)
        tell(
            row,
            ReceiptConfirmed(object_kind=kind, object_id=row.pk, happened=happened, is_enough=enough),
        )
        if enough:
            _follow(kind, row)
    return row


def _locked(actor: Actor, kind: str, object_id: UUID) -> Any:
    """The payment first, then the refund: as everybody locks them."""
    if kind == "refund":
        payment_id = Refund.objects.filter(pk=object_id).values_list("payment_id", flat=True).first()
        payment = lock_one(Payment.objects.select_related("tenant").filter(pk=payment_id))
    rows = _MODELS[kind]._default_manager.select_related("tenant")
    row = lock_one(rows.filter(queries.of_place(actor), pk=object_id))
    if row is None or (row.configuration.tenant_id is None) is not actor.on_platform:
        raise NotFoundError("payments.unknown", _("There is no such payment."))
    if kind == "refund":
        row.payment = payment
    return row


def _refuse_own(actor: Actor, kind: str, row: Any) -> None:
    theirs = {row.requested_by_id, row.payment.user_id} if kind == "refund" else {row.user_id}
    if actor.user_id in theirs:
        raise ForbiddenError("payments.own_transfer", _("Somebody else has to confirm this."))


def _follow(kind: str, row: Any) -> None:
    """What was said is what this provider shows: our own rows, no network."""
    snapshot = connect(row.configuration).fetch(ObjectKind(kind), row.provider_reference)
    see: Any = {"payment": steps.see_payment, "refund": steps.see_refund, "payout": steps.see_payout}[kind]
    see(row, snapshot, Seen(source="staff"))
