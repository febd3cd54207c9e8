"""Looking for what no notification told: every open object is asked about, hourly."""

from __future__ import annotations

from typing import Final

from django.utils import timezone

from billing.payments import queries
from billing.payments.models import Payment
from billing.payments.options import POLL_INTERVAL, UNPAID_LIFETIME
from shared_apps.core.background import enqueue
from shared_apps.core.context import PUBLIC, platform_context

from .frames import unit

_BATCH: Final = 200


def poll_open() -> int:
    """Enqueue a question about every open payment, refund, payout and dispute; returns how many."""
    asked = 0
    for kind in ("payment", "refund", "payout", "dispute"):
        with platform_context():
            due = list(queries.open_objects(kind, POLL_INTERVAL.value()).values_list("pk", flat=True))
        for start in range(0, len(due), _BATCH):
            with unit():
                for pk in due[start : start + _BATCH]:
                    enqueue("payments.refresh_object", kind=kind, object_id=pk)
        asked += len(due)
    return asked


def give_up_unpaid() -> int:
    """Enqueue the end of payments whose payer did not come in time; returns how many."""
    now = timezone.now()
    waiting = (Payment.State.CREATED, Payment.State.PENDING)
    with platform_context():
        rows = list(
            Payment.objects.filter(state__in=waiting, problem="").values_list(
                "pk", "created_at", "tenant__schema_name"
            )
        )
    late = [
        pk
        for pk, created_at, schema in rows
        if now - created_at > UNPAID_LIFETIME.value_for(schema or PUBLIC)
    ]
    for start in range(0, len(late), _BATCH):
        with unit():
            for pk in late[start : start + _BATCH]:
                enqueue("payments.cancel_unpaid", payment_id=pk)
    return len(late)
