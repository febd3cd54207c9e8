"""Orders with their events, executions, and the positions that follow from them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.tenant_models import TenantModel
from shared_apps.market_data.models import AMOUNT, PRICE, QUANTITY
from tenant_apps.trading_accounts.models import TradingAccount
from tenant_apps.trading_accounts.venues.base import OrderType, Side, TimeInForce

from .rules.states import WORKING, OrderStatus

STATUSES = [(item.value, item.value) for item in OrderStatus]
SIDES = [(Side.BUY.value, _("Buy")), (Side.SELL.value, _("Sell"))]


class Order(TenantModel):
    """An order to a venue. `status` is what its events lead to; `client_order_id` is what the venue knows
    it by."""

    trading_account = models.ForeignKey(
        TradingAccount, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    symbol = models.CharField(_("instrument"), max_length=32)
    side = models.CharField(_("side"), max_length=4, choices=SIDES)
    order_type = models.CharField(
        _("type"), max_length=10, choices=[(item.value, item.value) for item in OrderType]
    )
    time_in_force = models.CharField(max_length=3, choices=[(item.value, item.value) for item in TimeInForce])
    quantity = models.DecimalField(_("quantity"), **QUANTITY)
    filled_quantity = models.DecimalField(**QUANTITY, default=0)
    filled_cost = models.DecimalField(**AMOUNT, default=0)
    average_price = models.DecimalField(**PRICE, null=True)
    expected_price = models.DecimalField(**PRICE, null=True)
    status = models.CharField(max_length=16, choices=STATUSES, default=OrderStatus.NEW)
    reason_code = models.CharField(max_length=60, blank=True)
    client_order_id = models.CharField(max_length=26)
    venue_order_id = models.CharField(max_length=64, blank=True)
    attempt = models.SmallIntegerField(default=0)
    event_seq = models.IntegerField(default=0)
    bot_id = models.UUIDField(null=True)
    signal_bar_opened_at = models.DateTimeField(null=True)
    leg = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["trading_account", "client_order_id"], name="order_client_id_once"
            ),
            # The last line of defence against a doubled order: one for each leg of a bot's decision.
            models.UniqueConstraint(
                fields=["bot_id", "signal_bar_opened_at", "leg"],
                name="order_decision_once",
                condition=models.Q(bot_id__isnull=False),
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0, filled_quantity__gte=0), name="order_quantities"
            ),
        ]
        indexes = [
            models.Index(fields=["trading_account", "-id"], name="order_account"),
            models.Index(
                fields=["trading_account", "symbol"],
                name="order_working",
                condition=models.Q(status__in=sorted(WORKING)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.symbol} ({self.status})"


class OrderEvent(TenantModel):
    """One step in the life of an order. Added, never changed."""

    class Source(models.TextChoices):
        US = "us", _("Tradehall")
        VENUE = "venue", _("Venue")
        RECONCILIATION = "reconciliation", _("Reconciliation")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events", db_index=False)
    seq = models.IntegerField()
    status = models.CharField(max_length=16, choices=STATUSES)
    source = models.CharField(max_length=16, choices=Source.choices)
    reason_code = models.CharField(max_length=60, blank=True)
    text = models.CharField(max_length=300, blank=True)
    raw: Any = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("seq",)
        constraints = [models.UniqueConstraint(fields=["order", "seq"], name="order_event_once")]

    def __str__(self) -> str:
        return f"{self.seq}: {self.status}"


class Execution(TenantModel):
    """One fill. Added, never changed; positions are sums over these."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="executions")
    trading_account = models.ForeignKey(
        TradingAccount, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    venue_execution_id = models.CharField(max_length=64)
    symbol = models.CharField(max_length=32)
    side = models.CharField(max_length=4, choices=SIDES)
    quantity = models.DecimalField(**QUANTITY)
    price = models.DecimalField(**PRICE)
    fee = models.DecimalField(**AMOUNT)
    fee_currency = models.CharField(max_length=12)
    realised = models.DecimalField(**AMOUNT)
    currency = models.CharField(max_length=12)
    executed_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["trading_account", "venue_execution_id"], name="execution_once")
        ]
        indexes = [models.Index(fields=["trading_account", "-id"], name="execution_account")]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.symbol} at {self.price}"


class Position(TenantModel):
    """What an account holds. `key` is the symbol in a netting account and the ticket in a hedging one."""

    trading_account = models.ForeignKey(
        TradingAccount, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    key = models.CharField(max_length=64)
    symbol = models.CharField(max_length=32)
    currency = models.CharField(max_length=12)
    quantity = models.DecimalField(**QUANTITY, default=0)
    cost = models.DecimalField(**AMOUNT, default=0)
    realised = models.DecimalField(**AMOUNT, default=0)
    fees = models.DecimalField(**AMOUNT, default=0)
    opened_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("symbol", "id")
        constraints = [models.UniqueConstraint(fields=["trading_account", "key"], name="position_once")]

    def __str__(self) -> str:
        return f"{self.quantity} {self.symbol}"
