"""Wallets and what moves money in and out. Balances are the ledger's; these rows say why it moved."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.fields import MinorUnitsField
from shared_apps.core.money import Money
from shared_apps.core.tenant_models import TenantModel
from tenant_apps.members.models import Member

from .rules.withdrawals import OPEN

KEY_LENGTH = 200


class Wallet(TenantModel):
    """A member's wallet: whether it is open. Its balances are the ledger's account of the member."""

    member = models.OneToOneField(Member, on_delete=models.PROTECT, related_name="wallet")
    frozen_at = models.DateTimeField(null=True)
    frozen_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"wallet of {self.member_id}"


class Deposit(TenantModel):
    """Money on its way into a wallet, by one payment."""

    class State(models.TextChoices):
        PENDING = "pending", _("On its way")
        SUCCEEDED = "succeeded", _("Credited")
        FAILED = "failed", _("Failed")
        RETURNED = "returned", _("Returned")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="deposits", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    currency = models.CharField(max_length=4)
    #: What was asked for; what came in stands in credited_units.
    units = MinorUnitsField()
    credited_units = MinorUnitsField(default=0)
    returned_units = MinorUnitsField(default=0)
    provider = models.CharField(max_length=40)
    #: Of the payment and its configuration in public.
    configuration_id = models.UUIDField()
    payment_id = models.UUIDField(null=True)
    is_simulated = models.BooleanField(default=False)
    #: The caller's key of this attempt: asking twice is one deposit.
    key = models.CharField(max_length=KEY_LENGTH)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    credited_at = models.DateTimeField(null=True)
    withdrawable_from = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="deposit_once"),
            models.CheckConstraint(name="deposit_positive", condition=models.Q(units__gt=0)),
            models.CheckConstraint(
                name="deposit_returned_of_credited",
                condition=models.Q(returned_units__gte=0, returned_units__lte=models.F("credited_units")),
            ),
        ]
        indexes = [models.Index(fields=["member", "-created_at"], name="deposit_of_member")]

    def __str__(self) -> str:
        return f"deposit {self.pk}"

    @property
    def money(self) -> Money:
        """What was asked for."""
        return Money.of_minor(self.units, self.currency)

    @property
    def amount(self) -> Decimal:
        """The same as a decimal of its currency."""
        return self.money.amount

    @property
    def credited_money(self) -> Money:
        """What came in."""
        return Money.of_minor(self.credited_units, self.currency)

    @property
    def returned_money(self) -> Money:
        """What went back to the payer."""
        return Money.of_minor(self.returned_units, self.currency)


class PayoutDestination(TenantModel):
    """Where a member is paid out to. The address is sealed; ``hint`` tells it from others."""

    class Kind(models.TextChoices):
        IBAN = "iban", _("Bank account")
        PAYPAL = "paypal", _("PayPal")
        CRYPTO = "crypto", _("Bitcoin address")
        SBP = "sbp", _("Phone number (SBP)")

    audit_masked = ("address",)

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="destinations")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    label = models.CharField(_("name"), max_length=60)
    #: Sealed JSON: address, and what the way of paying needs besides (holder, bank).
    address = models.TextField()
    hint = models.CharField(max_length=140)
    created_at = models.DateTimeField(default=timezone.now)
    usable_from = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return f"{self.label} ({self.hint})"


class Withdrawal(TenantModel):
    """Money on its way out of a wallet: held, approved, paid out."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for approval")
        SENDING = "sending", _("Being sent")
        PAID = "paid", _("Paid out")
        FAILED = "failed", _("Failed")
        REJECTED = "rejected", _("Rejected")
        CANCELLED = "cancelled", _("Cancelled")
        RETURNED = "returned", _("Came back")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="withdrawals", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    destination = models.ForeignKey(
        PayoutDestination, on_delete=models.PROTECT, related_name="withdrawals", db_index=False
    )
    #: What the destination was called when this was asked for.
    destination_hint = models.CharField(max_length=140)
    currency = models.CharField(max_length=4)
    units = MinorUnitsField()
    approvals_needed = models.PositiveSmallIntegerField()
    hold_id = models.UUIDField()
    #: Of the payout in public.
    payout_id = models.UUIDField(null=True)
    is_simulated = models.BooleanField(default=False)
    key = models.CharField(max_length=KEY_LENGTH)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="withdrawal_once"),
            models.CheckConstraint(name="withdrawal_positive", condition=models.Q(units__gt=0)),
        ]
        indexes = [
            models.Index(fields=["member", "-created_at"], name="withdrawal_of_member"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=[str(state) for state in OPEN]),
                name="withdrawal_open",
            ),
        ]

    def __str__(self) -> str:
        return f"withdrawal {self.pk}"

    @property
    def money(self) -> Money:
        """How much."""
        return Money.of_minor(self.units, self.currency)

    @property
    def amount(self) -> Decimal:
        """The same as a decimal of its currency."""
        return self.money.amount


class WithdrawalDecision(TenantModel):
    """What one person decided on a withdrawal."""

    withdrawal = models.ForeignKey(
        Withdrawal, on_delete=models.PROTECT, related_name="decisions", db_index=False
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_approval = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("created_at", "id")
        constraints = [
            models.UniqueConstraint(fields=["withdrawal", "member"], name="withdrawaldecision_once")
        ]

    def __str__(self) -> str:
        return f"decision on {self.withdrawal_id}"


class Transfer(TenantModel):
    """Money from one member to another, at once."""

    sender = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="transfers_sent", db_index=False
    )
    recipient = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="transfers_received")
    #: What the sender called the recipient; more of them the sender does not learn.
    recipient_as = models.CharField(max_length=254)
    currency = models.CharField(max_length=4)
    units = MinorUnitsField()
    note = models.CharField(_("note"), max_length=140, blank=True)
    key = models.CharField(max_length=KEY_LENGTH)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["sender", "key"], name="transfer_once"),
            models.CheckConstraint(name="transfer_positive", condition=models.Q(units__gt=0)),
            models.CheckConstraint(
                name="transfer_to_another", condition=~models.Q(sender=models.F("recipient"))
            ),
        ]
        indexes = [models.Index(fields=["sender", "-created_at"], name="transfer_of_sender")]

    def __str__(self) -> str:
        return f"transfer {self.pk}"

    @property
    def money(self) -> Money:
        """How much."""
        return Money.of_minor(self.units, self.currency)

    @property
    def amount(self) -> Decimal:
        """The same as a decimal of its currency."""
        return self.money.amount
