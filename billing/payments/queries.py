"""Reads of payments. A tenant role sees its own rows by row-level security; the filters here say it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.scoping import get_for, scope
from shared_apps.core.context import PUBLIC
from shared_apps.core.errors import NotFoundError
from shared_apps.core.money import Money

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
    money_of,
)
from .options import FLAGS, FOUR_EYES_FROM


def of_place(actor: Actor) -> Q:
    """Rows of where the actor stands: the tenant's; on the platform's host those of its own accounts."""
    if actor.on_platform:
        return Q(configuration__tenant__isnull=True)
    return Q(tenant__schema_name=actor.tenant_schema)


def _own(actor: Actor) -> Q:
    return Q(user_id=actor.user_id)


def visible_payments(actor: Actor) -> QuerySet[Payment]:
    """One's own payments; for staff those of the tenant, on the platform's host of its own accounts."""
    return scope(_payments(actor), actor, "payments.view_payment", own=_own(actor))


def _payments(actor: Actor) -> QuerySet[Payment]:
    ours = PaymentGatewayConfig.objects.filter(pk=OuterRef("configuration_id"), tenant__isnull=False)
    # A tenant role sees no account of the platform's, so those are what is missing.
    rows: QuerySet[Payment] = Payment.objects.filter(of_place(actor)).annotate(paid_to_platform=~Exists(ours))
    return rows


def get_payment(actor: Actor, payment_id: UUID, permission: str = "payments.view_payment") -> Payment:
    """A payment to look at or act on. Raises NotFoundError, ForbiddenError."""
    payment: Payment = get_for(
        actor, _payments(actor), "payments.view_payment", permission, payment_id, own=_own(actor)
    )
    return payment


def own_payment(actor: Actor, payment_id: UUID) -> Payment:
    """A payment that the actor makes here. Raises NotFoundError."""
    mine = _payments(actor).filter(pk=payment_id, user_id=actor.user_id or 0)
    payment: Payment | None = mine.first()
    if payment is None:
        raise NotFoundError("payments.unknown", _("There is no such payment."))
    return payment


def between(
    rows: QuerySet[Payment], *, since: date | None, until: date | None, text: str
) -> QuerySet[Payment]:
    """Those made on whole days (UTC), both included, whose number or reference holds a text."""
    if since:
        rows = rows.filter(created_at__gte=datetime.combine(since, time.min, tzinfo=UTC))
    if until:
        end = datetime.combine(until, time.min, tzinfo=UTC) + timedelta(days=1)
        rows = rows.filter(created_at__lt=end)
    if text:
        label = text.replace(" ", "").upper()
        rows = rows.filter(Q(label__contains=label) | Q(reference__icontains=text))
    return rows


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


def confirmations_needed(money: Money, schema: str) -> int:
    """How many people of the staff must confirm an amount."""
    return 2 if money.amount >= FOUR_EYES_FROM.value_for(schema) else 1


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


@dataclass(frozen=True, slots=True)
class Transfer:
    """A bank transfer that waits for staff. ``label`` is the number that stands in the bank's statement."""

    kind: str
    id: UUID
    label: str
    state: str
    money: Money
    destination: str
    confirmations: int
    confirmations_needed: int
    created_at: datetime


def waiting_transfers(actor: Actor) -> list[Transfer]:
    """Transfers of the place's own bank accounts that nobody, or too few, have confirmed; oldest first."""
    require(actor, "payments.confirm_transfer")
    found: list[tuple[str, Any]] = []
    received = Exists(
        PaymentGatewayConfig.objects.filter(pk=OuterRef("configuration_id"), tenant__isnull=actor.on_platform)
    )
    for kind, model in (("payment", Payment), ("refund", Refund), ("payout", Payout)):
        rows: QuerySet[Any] = model._default_manager.filter(
            of_place(actor), received, provider="manual", state__in=("pending", "processing")
        )
        if kind == "refund":
            rows = rows.select_related("payment").defer("payment__action_secret")
        found += [(kind, row) for row in rows.order_by("created_at", "pk")[:200]]
    said = StaffConfirmation.objects.filter(object_id__in=[row.pk for _kind, row in found])
    counted = {
        pk: (number, most)
        for pk, number, most in said.order_by()
        .values_list("object_id")
        .annotate(number=Count("pk"), most=Max("minor_units"))
    }
    return [
        Transfer(
            kind=kind,
            id=row.pk,
            label=row.payment.label if kind == "refund" else row.label,
            state=row.state,
            money=row.money,
            destination=row.destination_shown if kind == "payout" else "",
            confirmations=counted.get(row.pk, (0, 0))[0],
            confirmations_needed=confirmations_needed(
                money_of(max(row.minor_units, counted.get(row.pk, (0, 0))[1]), row.currency),
                actor.tenant_schema,
            ),
            created_at=row.created_at,
        )
        for kind, row in found
    ]


def own_gateways(actor: Actor) -> QuerySet[PaymentGatewayConfig]:
    """Accounts of where the actor stands."""
    require(actor, "payments.view_gateway")
    return configurations(actor.tenant_schema, of_platform=actor.on_platform)


def get_gateway(actor: Actor, configuration_id: UUID) -> PaymentGatewayConfig:
    """One of them. Raises NotFoundError."""
    row: PaymentGatewayConfig | None = own_gateways(actor).filter(pk=configuration_id).first()
    if row is None:
        raise NotFoundError("payments.no_configuration", _("There is no such payment provider here."))
    return row


def inbox_of(actor: Actor) -> QuerySet[WebhookDelivery]:
    """The inbox, for the platform's staff."""
    require(actor, "payments.view_delivery")
    return WebhookDelivery.objects.all()


@dataclass(frozen=True, slots=True)
class Figure:
    """A day of an organisation, or of the platform's own accounts, at one provider in one currency."""

    day: date
    organisation: str | None
    provider: str
    currency: str
    payments: int
    succeeded: int
    failed: int
    received: Money
    refunded: Money


def figures(actor: Actor, *, since: date, until: date) -> list[Figure]:
    """Totals by day (UTC), newest first: of tenants figures alone, nobody's single payment (S2-30)."""
    require(actor, "payments.view_figures")
    begin = datetime.combine(since, time.min, tzinfo=UTC)
    end = datetime.combine(until, time.min, tzinfo=UTC) + timedelta(days=1)
    names = ("provider", "currency", "configuration__tenant__name")
    rows = (
        Payment.objects.filter(created_at__gte=begin, created_at__lt=end)
        .order_by()
        .values(*names, day=TruncDate("created_at", tzinfo=UTC))
        .annotate(
            payments=Count("pk"),
            succeeded=Count("pk", filter=Q(state="succeeded")),
            failed=Count("pk", filter=Q(state__in=rules.REPEATABLE)),
            received=Sum("received_minor_units"),
            refunded=Sum("refunded_minor_units"),
        )
        .order_by("-day", "configuration__tenant__name", "provider", "currency")
    )
    return [
        Figure(
            day=row["day"],
            organisation=row["configuration__tenant__name"],
            provider=row["provider"],
            currency=row["currency"],
            payments=row["payments"],
            succeeded=row["succeeded"],
            failed=row["failed"],
            received=money_of(int(row["received"] or 0), row["currency"]),
            refunded=money_of(int(row["refunded"] or 0), row["currency"]),
        )
        for row in rows
    ]
