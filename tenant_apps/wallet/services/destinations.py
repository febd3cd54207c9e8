"""Where members are paid out to: added and removed with a fresh proof of who they are."""

from __future__ import annotations

import json
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core import crypto
from shared_apps.core.errors import ConflictError, DomainError
from shared_apps.core.events import emit
from tenant_apps.wallet import options, queries
from tenant_apps.wallet.events import DestinationAdded, DestinationRemoved
from tenant_apps.wallet.models import PayoutDestination
from tenant_apps.wallet.rules import destinations as rules

from .guards import locked_wallet, own_member_id

PURPOSE = "wallet.destination"
LABEL_LENGTH = 60


@transaction.atomic(durable=True)
def add_destination(
    *, actor: Actor, kind: str, label: str, address: str, holder: str = "", bank: str = ""
) -> PayoutDestination:
    """Name a place to be paid out to, usable after the cool-down.

    ``holder`` is the name on a bank account, ``bank`` the number of a participant of SBP. Raises DomainError
    naming the field, ConflictError (known already, too many), StepUpRequired.
    """
    require(actor, "wallet.manage_destination")
    member_id = own_member_id(actor)
    require_recent(actor)
    if kind not in rules.KINDS:
        raise DomainError("destination.kind", _("Choose a way of being paid."), field="kind")
    told = {"address": rules.compact(kind, address), "holder": holder.strip(), "bank": bank.strip()}
    _check(kind, told)
    label = label.strip() or str(PayoutDestination.Kind(kind).label)
    if len(label) > LABEL_LENGTH or not label.isprintable():
        raise DomainError("destination.label", _("A name has at most 60 characters."), field="label")
    locked_wallet(member_id)
    known = list(queries.own_destinations(actor))
    if len(known) >= options.DESTINATIONS_AT_MOST.value():
        raise ConflictError("destination.too_many", _("Remove a destination before you add another one."))
    if any(row.kind == kind and open_address(row)["address"] == told["address"] for row in known):
        raise ConflictError(
            "destination.known",
            _("You have this destination already."),
            details={"address": [_("You have this destination already.")]},
        )
    row = PayoutDestination(
        member_id=member_id,
        kind=kind,
        label=label,
        hint=rules.hint(kind, told["address"]),
        usable_from=timezone.now() + options.COOL_DOWN.value(),
    )
    row.address = crypto.seal(json.dumps(told), purpose=PURPOSE, row=row.pk)
    row.save(force_insert=True)
    emit(DestinationAdded(payoutdestination_id=row.pk, user_id=actor.user_id or 0, kind=kind))
    return row


def _check(kind: str, told: dict[str, str]) -> None:
    fault = rules.fault(kind, told["address"], holder=told["holder"], bank=told["bank"])
    if fault is None:
        return
    field, rule = fault
    texts = {
        "iban_checksum": _("The check digits of this IBAN are wrong: look for a typing error."),
        "iban": _("This is no IBAN: two letters, two digits, then what its country prescribes."),
        "email": _("This is no e-mail address."),
        "crypto": _("This is no Bitcoin address: its checksum does not hold."),
        "phone": _("A Russian mobile number looks like +79161234567."),
        "bank": _("The bank is the twelve digits of its number in SBP, like 100000000111."),
        "holder": _("Give the name of the account's holder, 2 to 70 characters."),
    }
    raise DomainError(f"destination.{rule}", texts[rule], field=field)


@transaction.atomic(durable=True)
def remove_destination(*, actor: Actor, destination_id: UUID) -> None:
    """Use a place no more; what was paid to it stays in the history. Raises NotFoundError, StepUpRequired."""
    require(actor, "wallet.manage_destination")
    member_id = own_member_id(actor)
    require_recent(actor)
    locked_wallet(member_id)
    row = queries.get_destination(actor, destination_id, for_update=True)
    row.removed_at = timezone.now()
    row.save(update_fields=["removed_at"])
    emit(DestinationRemoved(payoutdestination_id=row.pk, user_id=actor.user_id or 0))


def open_address(row: PayoutDestination) -> dict[str, str]:
    """The sealed part, for this app: ``address``, ``holder``, ``bank``. Raises UnsealError."""
    told: dict[str, str] = json.loads(crypto.unseal(row.address, purpose=PURPOSE, row=row.pk))
    return told
