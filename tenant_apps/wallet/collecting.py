"""Subscriptions of members, paid from their wallets: a method of collection for billing."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.subscriptions.models import Subscription, SubscriptionCharge
from billing.subscriptions.services import charge_failed, charge_paid
from billing.subscriptions.services.rows import lock_contract
from shared_apps.core.background import enqueue
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.errors import ForbiddenError, UnprocessableError
from shared_apps.core.money import Money
from shared_apps.ledger import codes
from shared_apps.ledger import queries as ledger
from tenant_apps.members.models import Member

from . import options
from .rules.limits import read_weights
from .services import House, charge


class Wallet:
    """Taken from the subscriber's wallet. The worker does it after the commit; rows are locked here."""

    name = "wallet"
    label = _("Wallet")

    def is_offered(self, contract: Subscription) -> bool:
        """For subscribers of an organisation, in a currency that its wallets have."""
        info = contract.info
        if info.user_id is None or contract.pricing is None:
            return False
        weights = read_weights(options.CURRENCIES.value_for(info.tenant.schema_name))
        return contract.pricing.currency in weights

    def collect(self, contract: Subscription, charge: SubscriptionCharge) -> bool:
        """Have it taken, if it is there; else the person is asked."""
        with tenant_context(contract.info.tenant):
            member = _member(contract.info.user_id)
            if member is None or _available(member, charge.currency) < charge.minor_units:
                return False
            enqueue("wallet.collect_charge", charge_id=str(charge.pk))
        return True

    def changed(self, contract: Subscription) -> None:
        """Nothing is kept elsewhere."""


def _member(user_id: int | None) -> Member | None:
    found: Member | None = Member.objects.filter(user_id=user_id or 0, is_active=True).first()
    return found


def _available(member: Member, currency: str) -> int:
    return ledger.balance(codes.member(member.pk), currency).available


@transaction.atomic(durable=True)
def collect_charge(*, charge_id: UUID) -> None:
    """Take what a subscription asks for from its subscriber's wallet, once; inside the tenant.

    The posting's key names the charge: a second time changes nothing.
    """
    with platform_context():
        subscription_id = (
            SubscriptionCharge.objects.filter(pk=charge_id).values_list("subscription_id", flat=True).first()
        )
        if subscription_id is None:
            return
        info, _contract = lock_contract(subscription_id)  # a payment at the same moment waits, or was first
        asked = SubscriptionCharge.objects.get(pk=charge_id)
    member = _member(info.user_id)
    if member is None or asked.state != SubscriptionCharge.State.OPEN:
        return
    try:
        charge(
            member_id=member.pk,
            money=Money.of_minor(asked.minor_units, asked.currency),
            key=f"subscription:{asked.pk}",
            kind="subscription",
            to=House.PLANS,
            reference=f"subscription:{asked.pk}",
        )
    except (UnprocessableError, ForbiddenError) as error:
        charge_failed(charge_id=asked.pk, reason=error.message)
    else:
        charge_paid(charge_id=asked.pk)
