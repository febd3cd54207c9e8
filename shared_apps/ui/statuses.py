"""Which colour and word a state has, everywhere the same. Keys are the stored values of status fields."""

from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Tone = Literal["up", "down", "warn", "accent", "quiet"]

STATUSES: Final[dict[str, tuple[Tone, Promise]]] = {
    # orders
    "new": ("quiet", _("New")),
    "queued": ("accent", _("Queued")),
    "denied": ("down", _("Denied")),
    "held": ("quiet", _("Held")),
    "submitted": ("accent", _("Submitted")),
    "accepted": ("accent", _("Accepted")),
    "triggered": ("accent", _("Triggered")),
    "partially_filled": ("accent", _("Partly filled")),
    "pending_replace": ("accent", _("Being changed")),
    "pending_cancel": ("accent", _("Being cancelled")),
    "filled": ("up", _("Filled")),
    "canceled": ("quiet", _("Cancelled")),
    "expired": ("quiet", _("Expired")),
    "rejected": ("down", _("Rejected")),
    "unknown": ("warn", _("Unknown")),
    # bots
    "created": ("quiet", _("Created")),
    "ready": ("up", _("Ready")),
    "running": ("up", _("Running")),
    "paused": ("warn", _("Paused")),
    "stopped": ("quiet", _("Stopped")),
    "error": ("down", _("Error")),
    # decisions
    "no_trade": ("quiet", _("No trade")),
    "ordered": ("accent", _("Ordered")),
    "stale": ("warn", _("Too old")),
    "entries_paused": ("warn", _("Entries paused")),
    "refused": ("down", _("Refused")),
    # trading accounts
    "connecting": ("accent", _("Connecting")),
    "connected": ("up", _("Connected")),
    "disconnected": ("quiet", _("Disconnected")),
    # tenants, members
    "active": ("up", _("Active")),
    "inactive": ("quiet", _("Inactive")),
    "suspended": ("warn", _("Suspended")),
    "frozen": ("warn", _("Frozen")),
    "exported": ("quiet", _("Exported")),
    "erased": ("quiet", _("Erased")),
    # invitations, join links, transfers
    "pending": ("accent", _("Waiting")),
    "verified": ("up", _("Verified")),
    "withdrawn": ("quiet", _("Withdrawn")),
    "revoked": ("quiet", _("Closed")),
    "used_up": ("quiet", _("Used up")),
    "declined": ("quiet", _("Declined")),
    # money
    "waiting": ("accent", _("Waiting")),
    "sending": ("accent", _("Being sent")),
    "paid": ("up", _("Paid out")),
    "succeeded": ("up", _("Succeeded")),
    "failed": ("down", _("Failed")),
    "cancelled": ("quiet", _("Cancelled")),
    "returned": ("warn", _("Returned")),
    "processing": ("accent", _("On its way")),
    "settled": ("up", _("Arrived")),
    "needs_response": ("warn", _("Needs an answer")),
    "under_review": ("accent", _("Being decided")),
    "won": ("up", _("Won")),
    "lost": ("down", _("Lost")),
    "dead": ("down", _("Given up")),
    # sides and positions
    "buy": ("up", _("Buy")),
    "sell": ("down", _("Sell")),
    "long": ("up", _("Long")),
    "short": ("down", _("Short")),
    "flat": ("quiet", _("Flat")),
    # audit
    "create": ("up", _("Created")),
    "update": ("accent", _("Changed")),
    "delete": ("down", _("Deleted")),
    # invoices
    "open": ("warn", pgettext_lazy("invoice", "Open")),
    "credited": ("quiet", _("Credited")),
}

LIVE: Final = frozenset({"running", "connecting"})


def tone_of(status: str) -> Tone:
    """The tone of a state; one that nobody listed is quiet."""
    known = STATUSES.get(status.lower())
    return known[0] if known else "quiet"


def label_of(status: str) -> str:
    """The word for a state; one that nobody listed speaks for itself."""
    known = STATUSES.get(status.lower())
    return str(known[1]) if known else status.replace("_", " ").capitalize()
