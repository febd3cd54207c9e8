"""Trading accounts, what they hold in cash, and the books of the paper venue."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.tenant_models import TenantModel
from shared_apps.market_data.models import AMOUNT, QUANTITY
from tenant_apps.members.models import Member

from .rules import AccountMode, AccountStatus
from .venues.base import OrderType, Side, VenueOrderState


class TradingAccount(TenantModel):
    """A member's account at a venue. What it is worth follows from its executions, never from a field
    typed in."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="trading_accounts", db_index=False
    )
    venue = models.CharField(_("venue"), max_length=20)
    name = models.CharField(_("name"), max_length=100)
    mode = models.CharField(
        _("mode"), max_length=8, choices=[(item.value, item.value) for item in AccountMode]
    )
    currency = models.CharField(_("currency"), max_length=12)
    status = models.CharField(
        max_length=12,
        choices=[(item.value, item.value) for item in AccountStatus],
        default=AccountStatus.DISCONNECTED,
    )
    status_reason = models.CharField(max_length=200, blank=True)
    is_simulated = models.BooleanField(default=False)
    settings: Any = models.JSONField(default=dict, blank=True)
    connected_at = models.DateTimeField(null=True)
    first_connected_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=["member", "name"], name="trading_account_name_once")]

    def __str__(self) -> str:
        return self.name


class AccountBalance(TenantModel):
    """Cash of an account in one currency: its opening balance, profits realised and fees paid in that
    currency."""

    trading_account = models.ForeignKey(
        TradingAccount, on_delete=models.PROTECT, related_name="balances", db_index=False
    )
    currency = models.CharField(max_length=12)
    amount = models.DecimalField(**AMOUNT, default=0)

    class Meta(TenantModel.Meta):
        ordering = ("currency",)
        constraints = [
            models.UniqueConstraint(fields=["trading_account", "currency"], name="account_balance_once")
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class PaperOrder(TenantModel):
    """An order in the paper venue's own book. To us it is a stranger's memory, reached through the venue
    protocol."""

    audit_exempt = "the paper venue's books: what a real venue would keep; our side of it is audited"

    trading_account = models.ForeignKey(
        TradingAccount, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    client_order_id = models.CharField(max_length=26)
    venue_order_id = models.CharField(max_length=26)
    sequence = models.BigIntegerField()
    symbol = models.CharField(max_length=32)
    side = models.CharField(max_length=4, choices=[(item.value, item.value) for item in Side])
    order_type = models.CharField(max_length=10, choices=[(item.value, item.value) for item in OrderType])
    time_in_force = models.CharField(max_length=3)
    quantity = models.DecimalField(**QUANTITY)
    lots = models.BigIntegerField()
    filled_lots = models.BigIntegerField(default=0)
    state = models.CharField(max_length=16, choices=[(item.value, item.value) for item in VenueOrderState])
    signal_bar_opened_at = models.DateTimeField(null=True)
    eligible_after = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["trading_account", "client_order_id"], name="paper_order_once")
        ]
        indexes = [
            models.Index(
                fields=["symbol"],
                name="paper_order_working",
                condition=models.Q(state__in=["accepted", "partially_filled"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.symbol} ({self.state})"


class PaperFill(TenantModel):
    """A fill in the paper venue's own book."""

    audit_exempt = "the paper venue's books: what a real venue would keep; our side of it is audited"

    order = models.ForeignKey(PaperOrder, on_delete=models.PROTECT, related_name="fills", db_index=False)
    venue_execution_id = models.CharField(max_length=26)
    bar_opened_at = models.DateTimeField()
    executed_at = models.DateTimeField()
    lots = models.BigIntegerField()
    price_ticks = models.BigIntegerField()
    fee = models.DecimalField(**AMOUNT)

    class Meta(TenantModel.Meta):
        ordering = ("bar_opened_at",)
        constraints = [models.UniqueConstraint(fields=["order", "bar_opened_at"], name="paper_fill_once")]

    def __str__(self) -> str:
        return self.venue_execution_id
