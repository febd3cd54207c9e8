"""Reads of payments. A tenant role sees its own rows by row-level security; the filters here say it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.scoping import get_for, scope
from shared_apps.core.context import PUBLIC
from shared_apps.core.errors import NotFoundError

from . import rules
from .models import (
    Dispute,
    ExternalObject,
    Payment,
    PaymentGatewayConfig,
    PaymentLog,
    Payout,
    Refund,
    SavedMethod,
    StaffConfirmation,
    WebhookDelivery,
)
from .options import FLAGS


def of_place(actor: Actor) -> Q:
    """Rows of where the actor stands: the tenant's; on the platform's host those of its own accounts."""
    if actor.on_platform:
        return Q(configuration__tenant__isnull=True)
    return Q(tenant__schema_name=actor.tenant_schema)


def _own(actor: Actor) -> Q:
    return Q(user_id=actor.user_id)


def visible_payments(actor: Actor) -> QuerySet[Payment]:
    """One's own payments; for staff those of the tenant, on the platform's host of its own accounts."""
    rows: QuerySet[Payment] = Payment.objects.filter(of_place(actor))
    return scope(rows, actor, "payments.view_payment", own=_own(actor))


def get_payment(actor: Actor, payment_id: UUID, permission: str = "payments.view_payment") -> Payment:
    """A payment to look at or act on. Raises NotFoundError, ForbiddenError."""
    rows: QuerySet[Payment] = Payment.objects.filter(of_place(actor))
    payment: Payment = get_for(actor, rows, "payments.view_payment", permission, payment_id, own=_own(actor))
    return payment


def log_of(payment: Payment) -> QuerySet[PaymentLog]:
    """The journal of a payment, its refunds and disputes."""
    return PaymentLog.objects.filter(payment_id=payment.pk)


def is_on(provider: str, schema: str) -> bool:
    """Whether a provider is in operation for a schema (``public``: the platform's own billing)."""
    flag = FLAGS.get(provider)
    return flag is None or flag.value_for(schema)


def configurations(schema: str, *, of_platform: bool = False) -> QuerySet[PaymentGatewayConfig]:
    """Accounts of a tenant, or with ``of_platform`` the platform's; call it in the platform role."""
    whose = Q(tenant__isnull=True) if of_platform else Q(tenant__schema_name=schema)
    rows: QuerySet[PaymentGatewayConfig] = PaymentGatewayConfig.objects.filter(whose)
    return rows


def usable_configurations(
    schema: str, currency: str, *, of_platform: bool = False
) -> list[PaymentGatewayConfig]:
    """Enabled accounts that take a currency and whose provider is in operation; in the platform role."""
    rows = configurations(schema, of_platform=of_platform).filter(
        is_enabled=True, currencies__contains=[currency]
    )
    return [row for row in rows if is_on(row.provider, PUBLIC if of_platform else schema)]


def target_of(configuration_id: UUID, kind: str, external_id: str) -> ExternalObject | None:
    """Which of our rows an object at a provider is."""
    return ExternalObject.objects.filter(
        configuration_id=configuration_id, kind=kind, external_id=external_id
    ).first()


def methods_of(user_id: int, configuration_id: UUID) -> QuerySet[SavedMethod]:
    """What somebody may be charged by again."""
    return SavedMethod.objects.filter(user_id=user_id, configuration_id=configuration_id, is_active=True)


def confirmations_of(object_id: UUID) -> QuerySet[StaffConfirmation]:
    """What staff said of a transfer, oldest first."""
    return StaffConfirmation.objects.filter(object_id=object_id)


def due_deliveries() -> QuerySet[WebhookDelivery]:
    """Notifications whose time has come, oldest first."""
    waiting = WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING, due_at__lte=timezone.now())
    return waiting.order_by("due_at", "pk")


def open_objects(kind: str, since: timedelta) -> QuerySet[Any]:
    """Rows of a kind that something may still happen to and that nobody asked about for so long."""
    kinds: dict[str, tuple[type[Any], tuple[str, ...]]] = {
        "payment": (Payment, rules.OPEN_PAYMENT),
        "refund": (Refund, rules.OPEN_REFUND),
        "payout": (Payout, rules.OPEN_PAYOUT),
        "dispute": (Dispute, rules.OPEN_DISPUTE),
    }
    model, states = kinds[kind]
    before = timezone.now() - since
    rows: QuerySet[Any] = model._default_manager.filter(state__in=states)
    return rows.filter(Q(asked_at__lt=before) | Q(asked_at__isnull=True, created_at__lt=before))


def configuration_for(configuration_id: UUID, tenant_id: int | None) -> PaymentGatewayConfig:
    """An account that a tenant may use: its own or the platform's. Raises NotFoundError."""
    whose = Q(tenant__isnull=True) | Q(tenant_id=tenant_id)
    row: PaymentGatewayConfig | None = PaymentGatewayConfig.objects.filter(whose, pk=configuration_id).first()
    if row is None:
        raise NotFoundError("payments.no_configuration", _("There is no such payment provider here."))
    return row
