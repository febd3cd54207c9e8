"""What becomes of a wallet when its owner leaves for good, and what goes into "download my data".

Rows of this app that point to the member are in the export by themselves (members.personal_data).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.core.errors import ConflictError
from shared_apps.ledger import codes
from shared_apps.ledger import queries as ledger
from tenant_apps.members.models import Member

from . import history
from .models import PayoutDestination, Transfer, Withdrawal
from .rules.withdrawals import OPEN


def check_leaving(*, user_id: int) -> None:
    """Nobody goes while money is theirs, on its way, or owed. Raises ConflictError."""
    member_id = Member.objects.filter(user_id=user_id).values_list("pk", flat=True).first()
    if member_id is None:
        return
    kept = [each for code in (codes.member(member_id), codes.receivable(member_id))
            for each in ledger.balances(code).values() if each.balance]  # fmt: skip
    under_way = Withdrawal.objects.filter(member_id=member_id, state__in=[str(state) for state in OPEN])
    if kept or under_way.exists():
        raise ConflictError(
            "wallet.not_empty",
            _("There is money in your wallet, or owed by it: settle that first."),
        )


def erase_person(*, user_id: int, label: str, address: str) -> None:
    """Step: addresses that the person was paid out to are forgotten; postings stay, they name a number."""
    rows = PayoutDestination.objects.select_for_update().filter(member__user_id=user_id).order_by("pk")
    for row in rows:
        row.address, row.hint, row.label = "", "", label[:60]
        row.removed_at = row.removed_at or timezone.now()
        row.save(update_fields=["address", "hint", "label", "removed_at"])
    Withdrawal.objects.filter(member__user_id=user_id).update(destination_hint="")
    Transfer.objects.filter(sender__user_id=user_id).update(recipient_as=label, note="")


def sections_of(user_id: int) -> Iterator[tuple[str, Iterable[dict[str, Any]]]]:
    """Every movement of the person's wallet."""
    member_id = Member.objects.filter(user_id=user_id).values_list("pk", flat=True).first()
    if member_id is None:
        return
    yield (
        "wallet_transactions",
        (
            {
                "at": line.at.isoformat(),
                "kind": line.kind,
                "currency": line.currency,
                "amount": history.exact(line.units, line.currency),
                "balance": history.exact(line.balance_after, line.currency),
                "reference": line.reference,
                "memo": line.memo,
            }
            for line in history.all_lines(member_id, history.Filters())
        ),
    )
