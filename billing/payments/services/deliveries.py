"""The inbox: notifications stored once, then worked off one by one by what the provider says now.

Nothing that a notification says is believed but which object it names. Claimed under SKIP LOCKED with a lease
(``due_at`` moves ahead), fetched outside of transactions, applied under the row's lock. What is not known yet
waits, longer each time; after ``payments.webhook_tries`` a person is called, and may have it tried again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.payments import inbox, queries, rules
from billing.payments.events import DeliveryDied, DeliveryReplayed
from billing.payments.models import (
    Dispute,
    Payment,
    PaymentGatewayConfig,
    PaymentLog,
    Payout,
    Refund,
    WebhookDelivery,
)
from billing.payments.options import WEBHOOK_TRIES
from billing.payments.providers.base import (
    Inbound,
    InboundReference,
    InboundRefused,
    ObjectKind,
    ProviderError,
    Snapshot,
    provider_type,
)
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core import throttling
from shared_apps.core.background import enqueue
from shared_apps.core.context import audit_context, platform_context
from shared_apps.core.errors import DomainError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one

from . import steps
from .calls import see_reference
from .frames import Seen, refuse_transaction, unit
from .gateways import connect

State = WebhookDelivery.State
_LEASE: Final = timedelta(minutes=2)
#: Deliveries that one run of the worker takes; more wake another run.
_RUN: Final = 100
_MODELS: Final[dict[str, type[Any]]] = {
    "payment": Payment,
    "refund": Refund,
    "payout": Payout,
    "dispute": Dispute,
}


def receive(
    *, provider: str, configuration_id: UUID, headers: Mapping[str, str], raw: bytes, remote_addr: str | None
) -> bool:
    """Verify a notification and store it once; False where it had come before.

    Raises NotFoundError for an account that does not exist; DomainError ``payments.webhook_garbage``,
    ``payments.webhook_signature``, ``payments.webhook_stale``, ``payments.webhook_address``.
    """
    refuse_transaction()
    with platform_context(), audit_context(actor_label="payments.webhook"):
        row = PaymentGatewayConfig.objects.filter(pk=configuration_id, provider=provider).first()
        if row is None or not provider_type(provider).has_webhooks:
            raise NotFoundError("payments.no_configuration", _("There is no such payment provider here."))
        delivery = WebhookDelivery(
            tenant_id=row.tenant_id,
            configuration=row,
            provider=provider,
            payload_hash=hashlib.sha256(raw).hexdigest(),
            payload_size=len(raw),
            remote_addr=remote_addr,
        )
        try:
            named = _named(row, headers, raw, remote_addr)
        except InboundRefused as refused:
            _note_refusal(delivery, refused.reason)
            raise DomainError(f"payments.webhook_{refused.reason}", _refusal(refused.reason)) from None
        return _store(delivery, named)


def _named(
    row: PaymentGatewayConfig, headers: Mapping[str, str], raw: bytes, remote_addr: str | None
) -> InboundReference | None:
    """What the notification names, after the provider has verified it."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise InboundRefused("garbage") from None
    if not isinstance(body, dict):
        raise InboundRefused("garbage")
    said = {name.lower(): value for name, value in headers.items()}
    inbound = Inbound(headers=said, raw=raw, remote_addr=remote_addr, now=timezone.now())
    named = connect(row).inbound(inbound)
    texts = () if named is None else (named.event_id, named.event_type, named.object_kind, named.object_id)
    if any("\x00" in text or len(text) > 200 for text in texts):
        raise InboundRefused("garbage")
    return named


def _refusal(reason: str) -> str:
    return {
        "garbage": _("This is no notification."),
        "signature": _("The signature does not hold."),
        "stale": _("This notification is too old."),
        "address": _("Notifications do not come from there."),
    }[reason]


def _note_refusal(delivery: WebhookDelivery, reason: str) -> None:
    """For the log, as far as it cannot be flooded."""
    if throttling.hit("webhook_refused", str(delivery.configuration_id)) is not None:
        return
    delivery.state, delivery.signature = State.REFUSED, reason
    delivery.event_id = f"refused:{delivery.pk}"
    with unit():
        delivery.save(force_insert=True)


def _store(delivery: WebhookDelivery, named: InboundReference | None) -> bool:
    if named is None:
        delivery.event_id, delivery.signature = f"nothing:{delivery.payload_hash}", "verified"
        delivery.state, delivery.done_at = State.DONE, timezone.now()
    else:
        delivery.event_id, delivery.signature = named.event_id, named.signature
        delivery.event_type = named.event_type[:80]
        delivery.object_kind, delivery.object_id = named.object_kind[:40], named.object_id
    with unit():
        try:
            with transaction.atomic():
                delivery.save(force_insert=True)
        except IntegrityError:
            known = WebhookDelivery.objects.filter(
                configuration_id=delivery.configuration_id, event_id=delivery.event_id
            )
            known.update(repeats=F("repeats") + 1)
            return False
        if delivery.state == State.WAITING:
            enqueue("payments.work_inbox")
    return True


def work_inbox() -> int:
    """Work off what is due; returns how many. Deliveries of one run are taken one by one."""
    refuse_transaction()
    done = 0
    while done < _RUN and (delivery := _claim()) is not None:
        _handle(delivery)
        done += 1
    if done == _RUN:
        with unit():
            enqueue("payments.work_inbox")
    return done


def _claim() -> WebhookDelivery | None:
    with unit():
        row = queries.due_deliveries().select_for_update(skip_locked=True).first()
        if row is not None:
            row.attempts += 1
            row.due_at = timezone.now() + _LEASE
            row.save(update_fields=["attempts", "due_at"])
    return row


def _handle(delivery: WebhookDelivery) -> None:
    """One delivery to its end, or back to wait. What is a fault of ours is raised and comes again."""
    seen = Seen.by_webhook(delivery, "replay" if delivery.replayed_at else "webhook")
    try:
        with platform_context():
            _follow(delivery, seen)
    except (inbox.NotYet, ProviderError) as reason:
        _wait(delivery, f"{type(reason).__name__}: {reason}")
        return
    with unit():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            state=State.DONE, done_at=timezone.now(), last_error=""
        )


def _wait(delivery: WebhookDelivery, reason: str) -> None:
    dead = delivery.attempts >= WEBHOOK_TRIES.value()
    with unit():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            state=State.DEAD if dead else State.WAITING,
            due_at=timezone.now() + rules.retry_wait(delivery.attempts),
            last_error=reason[:300],
        )
        if dead:
            emit(
                DeliveryDied(webhookdelivery_id=delivery.pk, provider=delivery.provider, reason=reason[:300])
            )
            enqueue("payments.tell_dead_letter", delivery_id=delivery.pk)


def _follow(delivery: WebhookDelivery, seen: Seen) -> None:
    kind, reference = delivery.object_kind, delivery.object_id
    target = queries.target_of(delivery.configuration_id, kind, reference)
    handler = inbox.handler_of(kind)
    if handler is not None:
        handler(
            inbox.Notice(
                delivery_id=delivery.pk,
                configuration_id=delivery.configuration_id,
                provider=delivery.provider,
                event_type=delivery.event_type,
                object_kind=kind,
                object_id=reference,
                tenant_id=target.tenant_id if target else None,
                target_id=target.target_id if target else None,
            )
        )
    elif target is not None:
        row = _MODELS[kind]._default_manager.get(pk=target.target_id)
        see_reference(kind, row, reference, seen)
    elif kind in (ObjectKind.REFUND, ObjectKind.DISPUTE):
        _meet(delivery, ObjectKind(kind), seen)
    else:
        raise inbox.NotYet(f"no {kind} {reference} here")


def _meet(delivery: WebhookDelivery, kind: ObjectKind, seen: Seen) -> None:
    """A refund or dispute that we did not begin: it hangs on a payment that we know."""
    snapshot = connect(delivery.configuration).fetch(kind, delivery.object_id)
    parent = queries.target_of(delivery.configuration_id, ObjectKind.PAYMENT, snapshot.parent)
    if parent is None:
        raise inbox.NotYet(f"no payment {snapshot.parent} here")
    with unit():
        payment = lock_one(Payment.objects.select_related("tenant").filter(pk=parent.target_id))
        if payment is None:
            raise inbox.NotYet(f"no payment {parent.target_id}")
        if kind is ObjectKind.DISPUTE:
            steps.see_dispute(payment, snapshot, seen)
        else:
            _meet_refund(payment, snapshot, seen)


def _meet_refund(payment: Payment, snapshot: Snapshot, seen: Seen) -> None:
    known = Refund.objects.filter(payment=payment, provider_reference=snapshot.reference).first()
    if known is not None:
        known.payment = payment
        steps.see_refund(known, snapshot, seen)
        return
    unanswered = Refund.objects.filter(payment=payment, provider_reference="", state="sending")
    if unanswered.exists():
        # It may be this one: whoever sends it learns its reference first.
        raise inbox.NotYet("a refund of this payment is being sent")
    if payment.state != Payment.State.SUCCEEDED:
        raise inbox.NotYet("the payment that it gives back has not been seen to succeed")
    steps.adopt_refund(payment, snapshot, seen)


def replay(*, actor: Actor, delivery_id: UUID) -> WebhookDelivery:
    """Have a stored notification worked off again: harmless, the object is fetched as it is now.

    Raises NotFoundError for one that was refused or is not there.
    """
    require(actor, "payments.replay_delivery")
    with unit():
        row = lock_one(WebhookDelivery.objects.filter(pk=delivery_id).exclude(state=State.REFUSED))
        if row is None or not row.object_kind:
            raise NotFoundError("payments.no_delivery", _("There is nothing to replay."))
        row.state, row.attempts, row.due_at = State.WAITING, 0, timezone.now()
        row.replayed_at, row.last_error = timezone.now(), ""
        row.save(update_fields=["state", "attempts", "due_at", "replayed_at", "last_error"])
        emit(DeliveryReplayed(webhookdelivery_id=row.pk, provider=row.provider))
        enqueue("payments.work_inbox")
    return row


def journal_of(delivery: WebhookDelivery) -> list[PaymentLog]:
    """What followed from a notification; in the platform role."""
    return list(
        PaymentLog.objects.filter(
            configuration_id=delivery.configuration_id, payload_hash=delivery.payload_hash
        )[:100]
    )
