"""Between charges and payments: beginning a payment for a charge, and what its end means."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.payments import queries as payments
from billing.payments import rules as payment_rules
from billing.payments import services as payment_services
from billing.payments.events import PaymentFailed, PaymentSucceeded
from billing.payments.models import Payment, PaymentGatewayConfig, SavedMethod, money_of
from billing.subscriptions.models import Subscription, SubscriptionCharge
from shared_apps.access.actors import Actor
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError

from .charges import own_charge
from .clock import charge_failed, charge_paid

PURPOSE = "subscription"
logger = logging.getLogger(__name__)


def accounts_for(contract: Subscription, currency: str) -> list[PaymentGatewayConfig]:
    """The seller's accounts that take a currency: the platform's for a tenant's own subscription, the
    tenant's for its subscribers. In the platform role."""
    info = contract.info
    return payments.usable_configurations(info.tenant.schema_name, currency, of_platform=info.user_id is None)


def begin_paying(
    *, actor: Actor, charge_id: Any, configuration_id: UUID | None, return_url: str, surface: str = "page"
) -> Payment:
    """Begin, or go on with, the payment of one's own open charge; the provider keeps the method for renewals.

    Without ``configuration_id`` the seller's first account. Raises NotFoundError, ConflictError
    ``charge.not_open``, ``charge.no_account``, ``charge.being_paid``, DomainError of payments.
    """
    with platform_context(), transaction.atomic(durable=True):
        charge = own_charge(actor, charge_id)
        if charge.state != SubscriptionCharge.State.OPEN:
            raise ConflictError("charge.not_open", _("This amount is asked for no more."))
        contract = charge.subscription
        found = accounts_for(contract, charge.currency)
        chosen = next((each for each in found if configuration_id in (None, each.pk)), None)
        if chosen is None:
            raise ConflictError(
                "charge.no_account", _("Nothing is set up to pay this with; ask who sells it.")
            )
        last = _last_payment(charge, chosen.pk)
        if last is not None and last.state not in payment_rules.REPEATABLE:
            return last
        if _under_way(charge) is not None:
            raise ConflictError(
                "charge.being_paid", _("Another payment of this is under way: finish or cancel it first.")
            )
        key = f"{PURPOSE}:{charge.pk}:{chosen.pk}"
        if last is not None:
            number = Payment.objects.filter(purpose=PURPOSE, reference=str(charge.pk)).count()
            return payment_services.begin_again(payment_id=last.pk, key=f"{key}:{number}")
        return payment_services.begin_payment(
            tenant=contract.info.tenant,
            configuration_id=chosen.pk,
            purpose=PURPOSE,
            reference=str(charge.pk),
            user_id=actor.user_id,
            money=money_of(charge.minor_units, charge.currency),
            description=charge.version.terms["name"],
            return_url=return_url,
            key=key,
            save_method=True,
            surface=surface,
        )


def _last_payment(charge: SubscriptionCharge, configuration_id: UUID) -> Payment | None:
    rows = Payment.objects.filter(purpose=PURPOSE, reference=str(charge.pk))
    found: Payment | None = rows.filter(configuration_id=configuration_id).order_by("-created_at").first()
    return found


def _under_way(charge: SubscriptionCharge) -> Payment | None:
    """A payment of a charge, by whichever account, that may have taken its money or may take it yet."""
    rows = Payment.objects.filter(purpose=PURPOSE, reference=str(charge.pk))
    found: Payment | None = rows.exclude(state__in=payment_rules.REPEATABLE).order_by("created_at").first()
    return found


def collect_by_saved_method(contract: Subscription, charge: SubscriptionCharge) -> bool:
    """Step: charge the method that the last payment was made with; False where there is none.

    While another payment of the charge is under way nothing more is taken: one by a saved method ends by
    itself, one that somebody has begun is theirs to finish.
    """
    under_way = _under_way(charge)
    if under_way is not None:
        return under_way.saved_method_id is not None
    if contract.payer_id is None or not contract.method_reference:
        return False
    configuration_id = UUID(contract.method_reference)
    usable = {each.pk for each in accounts_for(contract, charge.currency)}
    saved: SavedMethod | None = payments.methods_of(contract.payer_id, configuration_id).first()
    if saved is None or configuration_id not in usable:
        return False
    payment_services.begin_payment(
        tenant=contract.info.tenant,
        configuration_id=configuration_id,
        purpose=PURPOSE,
        reference=str(charge.pk),
        user_id=contract.payer_id,
        money=money_of(charge.minor_units, charge.currency),
        description=charge.version.terms["name"],
        return_url="",
        key=f"{PURPOSE}:{charge.pk}:saved:{charge.attempts}",
        saved_method_id=saved.pk,
        surface="saved",
    )
    return True


def on_payment_succeeded(event: PaymentSucceeded) -> None:
    """Money came in: the charge that it answers to is paid."""
    charge = _charge_of(event)
    if charge is None:
        return
    with platform_context():
        payment = Payment.objects.get(pk=event.payment_id)
    charge_paid(
        charge_id=charge.pk,
        payment_id=event.payment_id,
        is_simulated=payment.is_simulated,
        payer_id=event.user_id,
        account=str(event.configuration_id),
    )


def on_payment_failed(event: PaymentFailed) -> None:
    """An attempt failed: the charge stays open."""
    charge = _charge_of(event)
    if charge is not None:
        charge_failed(charge_id=charge.pk, reason=event.code)


def _charge_of(event: PaymentSucceeded | PaymentFailed) -> SubscriptionCharge | None:
    """The charge that a payment answers to, where it was paid to whoever sells it and in full."""
    if event.purpose != PURPOSE:
        return None
    with platform_context():
        rows = SubscriptionCharge.objects.select_related("subscription__info")
        charge = rows.filter(pk=_uuid(event.reference)).first()
        if charge is None:
            return None
        info = charge.subscription.info
        seller_id = None if info.user_id is None else info.tenant_id
        account = PaymentGatewayConfig.objects.filter(pk=event.configuration_id, tenant_id=seller_id)
        is_enough = event.currency == charge.currency and event.minor_units >= charge.minor_units
        if is_enough and account.exists():
            return charge
    logger.error("a payment fits no charge", extra={"payment": str(event.payment_id)})
    return None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)  # nobody's
