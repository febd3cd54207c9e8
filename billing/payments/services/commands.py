"""What people do with payments at the doors: pay, give up, try again, refund."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from billing.payments import queries
from billing.payments.models import Payment, Refund
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.core.money import Money

from .begin import begin_again, begin_refund
from .calls import cancel_payment, start_payment
from .frames import whole_units


def pay(*, actor: Actor, payment_id: UUID) -> Payment:
    """Have the provider begin one's own payment. Not in a transaction.

    Raises NotFoundError, UnavailableError ``payments.provider_unreachable``.
    """
    require(actor, "payments.make_payment")
    queries.own_payment(actor, payment_id)
    return start_payment(payment_id)


def give_up(*, actor: Actor, payment_id: UUID) -> Payment:
    """Cancel one's own payment as long as it is not paid. Not in a transaction. Raises NotFoundError."""
    require(actor, "payments.make_payment")
    queries.own_payment(actor, payment_id)
    return cancel_payment(payment_id)


@transaction.atomic(durable=True)
def try_again(*, actor: Actor, payment_id: UUID) -> Payment:
    """Pay once more what has failed: another attempt, the same one however often it is asked for.

    Raises NotFoundError, ConflictError ``payments.not_repeatable``.
    """
    require(actor, "payments.make_payment")
    first = queries.own_payment(actor, payment_id)
    return begin_again(payment_id=first.pk, key=f"again:{first.pk}")


@transaction.atomic(durable=True)
def refund_payment(
    *, actor: Actor, payment_id: UUID, money: Money | None, reason: str, key: str = ""
) -> Refund:
    """Give a payment back, wholly (``money`` None) or in part; the worker sends it.

    Nobody gives back what they have paid (``payments.own_refund``). ``key`` makes a repeated form one
    refund. Raises StepUpRequired, NotFoundError, ForbiddenError, ConflictError, DomainError naming
    ``amount`` or ``currency``.
    """
    require(actor, "payments.refund_payment")
    require_recent(actor)
    if len(reason) > 200 or not reason.isprintable():
        raise DomainError("payments.reason", _("Give one line of at most 200 characters."), field="reason")
    with platform_context():
        payment = queries.get_payment(actor, payment_id, "payments.refund_payment")
        configuration = payment.configuration
        if actor.user_id is not None and payment.user_id == actor.user_id:
            raise ForbiddenError("payments.own_refund", _("Somebody else has to refund what you have paid."))
        if (configuration.tenant_id is None) is not actor.on_platform:
            raise ForbiddenError(
                "payments.not_received", _("Only who has received a payment can give it back.")
            )
        if money is not None and money.currency != payment.currency:
            raise DomainError(
                "payments.currency",
                _("This was paid in %(currency)s.") % {"currency": payment.currency},
                field="currency",
            )
        left = payment.received_minor_units - payment.refunded_minor_units
        units = left if money is None else whole_units(configuration, money)
        return begin_refund(
            payment_id=payment.pk,
            minor_units=units,
            reason=reason,
            key=f"staff:{key or uuid4()}",
            requested_by=actor.user_id,
        )
