"""What all tables of payments share: whose a row is, amounts, columns that are sealed."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shared_apps.core.fields import UUIDv7Field
from shared_apps.core.money import MINOR_DIGITS, Money
from shared_apps.tenants.models import Tenant

_WIDE = Context(prec=80)  # more digits than any column holds: nothing is rounded


def money_of(minor_units: int, currency: str) -> Money:
    """An amount of whole minor units as money."""
    return Money(_WIDE.scaleb(Decimal(minor_units), -MINOR_DIGITS[currency]), currency)


class MinorUnits(models.DecimalField):  # type: ignore[type-arg]
    """Whole minor units of a currency: bigint holds only 9 ETH in wei."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"max_digits": 38, "decimal_places": 0}
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, *_args: Any) -> int | None:
        return None if value is None else int(value)

    def to_python(self, value: Any) -> Any:
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(None if value is None else int(value))


class WithoutSecrets(models.Manager):  # type: ignore[type-arg]
    """Leaves the sealed columns out: a tenant role may not read them; who may gets them one by one."""

    def get_queryset(self) -> models.QuerySet[Any]:
        sealed: tuple[str, ...] = self.model.sealed_columns
        return super().get_queryset().defer(*sealed)


class Purpose(models.TextChoices):
    """What money moves for; the app above that gave it knows the reference."""

    SUBSCRIPTION = "subscription", _("Subscription")
    DEPOSIT = "deposit", _("Deposit")
    WITHDRAWAL = "withdrawal", _("Withdrawal")
    ORDER = "order", pgettext_lazy("what a payment is for", "Purchase")


class BillingRow(models.Model):
    """A row of a tenant, or of the platform where it has none."""

    id = UUIDv7Field()
    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation"),
    )

    class Meta:
        abstract = True
