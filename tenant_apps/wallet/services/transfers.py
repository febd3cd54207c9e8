"""From member to member, at once. The sender learns of the recipient what was typed, and nothing else."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core import throttling
from shared_apps.core.errors import DomainError, NotFoundError, TooManyRequestsError
from shared_apps.core.events import emit
from shared_apps.core.money import Money
from shared_apps.ledger import codes
from shared_apps.ledger import services as ledger
from shared_apps.ledger.services import Leg
from tenant_apps.members.models import Member
from tenant_apps.wallet import options, queries
from tenant_apps.wallet.events import TransferMade
from tenant_apps.wallet.models import Transfer

from .guards import (
    DAY,
    check_cool,
    check_key,
    check_limits,
    check_money,
    check_no_debt,
    check_open,
    check_withdrawable,
    locked_wallet,
    own_member_id,
    refuse_other_request,
    spent_lately,
)
from .moving import settle_debt

NOTE_LENGTH = 140


@transaction.atomic(durable=True)
def send_transfer(*, actor: Actor, recipient: UUID | str, money: Money, key: str, note: str = "") -> Transfer:
    """Send money to another member, named by id or e-mail address.

    ``key`` names this attempt: the same key answers with the first transfer. Raises DomainError naming the
    field, NotFoundError (nobody active has that address), TooManyRequestsError after many such tries,
    StepUpRequired above an amount, and what withdrawing raises for the wallet.
    """
    require(actor, "wallet.send_transfer")
    member_id = own_member_id(actor)
    wallet = locked_wallet(member_id)
    to = _recipient(recipient, actor)
    known: Transfer | None = Transfer.objects.filter(sender_id=member_id, key=check_key(key)).first()
    if known is not None:
        if (known.recipient_id, known.money) != (to, money):
            raise refuse_other_request()
        return known
    note = note.strip()
    if len(note) > NOTE_LENGTH or not note.isprintable():
        raise DomainError("transfer.note", _("A note is one line of at most 140 characters."), field="note")
    if to == member_id:
        raise DomainError("transfer.to_oneself", _("This is your own wallet."), field="recipient")
    check_open(wallet)
    value = check_money(money, options.TRANSFER_MINIMUM)
    sent = Transfer.objects.filter(sender_id=member_id)
    if spent_lately(sent, DAY) + value > options.TRANSFER_PROOF_ABOVE.value():
        require_recent(actor)
    changed = queries.account_changed_at(actor.user_id or 0)
    check_cool(None if changed is None else changed + options.COOL_DOWN.value())
    check_no_debt(member_id, money.currency)
    check_limits(sent, value, a_day=options.TRANSFERS_A_DAY)
    check_withdrawable(member_id, money)
    transfer = Transfer.objects.create(
        sender_id=member_id,
        recipient_id=to,
        recipient_as=str(recipient),
        currency=money.currency,
        units=money.minor_units(),
        note=note,
        key=key,
    )
    ledger.post(
        key=f"transfer:{transfer.pk}",
        kind="transfer",
        legs=[
            Leg(codes.member(member_id), money.currency, -transfer.units),
            Leg(codes.member(to), money.currency, transfer.units),
        ],
        reference=f"transfer:{transfer.pk}",
    )
    settle_debt(member_id=to, currency=money.currency)
    emit(
        TransferMade(
            transfer_id=transfer.pk,
            user_id=actor.user_id or 0,
            recipient_member_id=to,
            currency=money.currency,
            minor_units=transfer.units,
        )
    )
    return transfer


def _recipient(recipient: UUID | str, actor: Actor) -> UUID:
    """Who is meant; tries that find nobody are counted, so that addresses cannot be tried out."""
    who = str(actor.user_id)
    wait = throttling.spent("wallet_recipient", who)
    if wait is not None:
        raise TooManyRequestsError(
            "transfer.too_many", _("Too many unknown recipients; try again later."), retry_after=wait
        )
    rows = Member.objects.filter(is_active=True)
    rows = rows.filter(pk=recipient) if isinstance(recipient, UUID) else rows.filter(email__iexact=recipient)
    found: UUID | None = rows.values_list("pk", flat=True).first()
    if found is None:
        throttling.hit("wallet_recipient", who)
        raise NotFoundError(
            "transfer.no_recipient",
            _("No active member here has this address."),
            field="recipient",
        )
    return found
