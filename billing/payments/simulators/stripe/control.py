"""What tests may do to an account from outside: move its clock, let its banks speak."""

from __future__ import annotations

from typing import Any

from . import charges, clock, connect, payouts
from .books import SERVICE, Books


def perform(books: Books, verb: str, data: dict[str, Any]) -> dict[str, Any]:
    """Raises KeyError for what is unknown."""
    match verb:
        case "clock":
            clock.advance(books, books.now + int(data["seconds"]))
            return {"now": books.now}
        case "fail_refund":
            refund = books.get("refund", data["refund"])
            before = {"status": refund["status"]}
            charges.fail_refund(books, refund)
            books.save(refund, "refund.failed", before)
            return {}
        case "dispute":
            made = books.get("charge", data["charge"])
            return {"dispute": charges.dispute(books, made, data.get("reason", "fraudulent"))["id"]}
        case "close_dispute":
            charges.close_dispute(books, books.get("dispute", data["dispute"]), data["status"])
            return {}
        case "onboard":
            connect.finish_onboarding(books, books.get("account", data["account"]))
            return {}
        case "end_payout":
            account, _, payout = data["payout"].rpartition("/")
            there = books.at(account) if account else books
            payouts.end_payout(there, there.get("payout", payout), data["status"])
            return {}
        case "hold_key":  # as if another request with this key were still under way
            key = f"{books.account}/{data['idempotency_key']}"
            books.world.store.put(SERVICE, "answer", key, {"status": None}, account=books.account)
            return {}
    raise KeyError(verb)
