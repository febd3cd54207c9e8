"""The ledger's tables, in the public schema and in every tenant's. Only the functions write here."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.fields import MinorUnitsField
from shared_apps.core.models import TenantGuardMixin, TenantModel

from . import rules

_JOURNAL = "the ledger is its own journal: entries are never changed, and every posting names its actor"


class LedgerAccount(TenantGuardMixin):
    """A balance in one asset; ``held`` of it is reserved."""

    audit_exempt = _JOURNAL

    code = models.CharField(max_length=rules.MAX_CODE)
    asset = models.CharField(max_length=10)
    balance = MinorUnitsField(default=0)
    held = MinorUnitsField(default=0)
    allow_negative = models.BooleanField(default=False)
    owner = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "asset"], name="ledger_account_once"),
            models.CheckConstraint(
                condition=models.Q(allow_negative=True) | models.Q(balance__gte=models.F("held")),
                name="ledger_account_covered",
            ),
            models.CheckConstraint(condition=models.Q(held__gte=0), name="ledger_account_held"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.asset}"


class Posting(TenantModel):
    """A movement of money: its entries sum to zero in each asset. ``key`` says what it is done for, once."""

    audit_exempt = _JOURNAL

    #: True on the instance that answers a repeated call.
    replayed: bool = False

    key = models.CharField(max_length=rules.MAX_KEY)
    kind = models.CharField(max_length=rules.MAX_KIND)
    reference = models.CharField(max_length=rules.MAX_REFERENCE, blank=True)
    memo = models.CharField(max_length=rules.MAX_MEMO, blank=True)
    request_hash = models.BinaryField(max_length=32)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=254, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["key"], name="ledger_posting_once")]
        indexes = [
            models.Index(
                fields=["reference"], name="ledger_posting_reference", condition=~models.Q(reference="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Entry(TenantGuardMixin):
    """One leg of a posting, with the balance that it left. Ids rise along each account."""

    audit_exempt = _JOURNAL

    posting = models.ForeignKey(Posting, models.PROTECT, related_name="entries")
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="entries", db_index=False)
    amount = MinorUnitsField()
    balance_after = MinorUnitsField()

    class Meta:
        indexes = [models.Index(fields=["account", "id"], name="ledger_entry_account")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount}"


class Hold(TenantModel):
    """An amount reserved on an account until it is captured by a posting, released or expired."""

    #: True on the instance that answers a repeated call.
    replayed: bool = False

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        CAPTURED = "captured", _("Captured")
        RELEASED = "released", _("Released")
        EXPIRED = "expired", _("Expired")

    key = models.CharField(max_length=rules.MAX_KEY)
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="holds", db_index=False)
    amount = MinorUnitsField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    reference = models.CharField(max_length=rules.MAX_REFERENCE, blank=True)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="holds", db_index=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["key"], name="ledger_hold_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="ledger_hold_amount"),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="ledger_hold_open", condition=models.Q(state="active"))
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.state})"
