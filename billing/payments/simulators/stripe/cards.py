"""Stripe's test cards and what each does (https://docs.stripe.com/testing), by number and by token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .errors import Refusal, declined


@dataclass(frozen=True, slots=True)
class Card:
    """``decline``: (code, decline code) of every charge; ``attach`` also of saving it.

    ``authenticate``: "always", "unless_saved" or "". ``refund``: "", "pending" (succeeds later) or "fails"
    (succeeds, fails later). ``disputed``: the buyer complains after the charge. ``alias``: of its tokens.
    """

    number: str
    brand: str = "visa"
    decline: tuple[str, str] | None = None
    attach: bool = True
    authenticate: str = ""
    refund: str = ""
    disputed: bool = False
    at_once: bool = False
    alias: str = ""


_CARDS: Final = (
    Card("4242424242424242", alias="visa"),
    Card("4000056655665556", alias="visa_debit"),
    Card("5555555555554444", brand="mastercard", alias="mastercard"),
    Card("378282246310005", brand="amex", alias="amex"),
    Card("4000000000000077", alias="bypassPending", at_once=True),
    Card(
        "4000000000000002",
        decline=("card_declined", "generic_decline"),
        attach=False,
        alias="visa_chargeDeclined",
    ),
    Card(
        "4000000000009995",
        decline=("card_declined", "insufficient_funds"),
        attach=False,
        alias="visa_chargeDeclinedInsufficientFunds",
    ),
    Card(
        "4000000000009987",
        decline=("card_declined", "lost_card"),
        attach=False,
        alias="visa_chargeDeclinedLostCard",
    ),
    Card("4000000000000069", decline=("expired_card", ""), attach=False, alias="chargeDeclinedExpiredCard"),
    Card("4000000000000127", decline=("incorrect_cvc", ""), attach=False, alias="chargeDeclinedIncorrectCvc"),
    Card(
        "4000000000000119",
        decline=("processing_error", ""),
        attach=False,
        alias="chargeDeclinedProcessingError",
    ),
    Card("4000000000000341", decline=("card_declined", "generic_decline"), alias="chargeCustomerFail"),
    Card("4000002500003155", authenticate="unless_saved", alias="authenticationRequiredOnSetup"),
    Card("4000002760003184", authenticate="always", alias="authenticationRequired"),
    Card("4000000000003220", authenticate="always", alias="threeDSecure2Required"),
    Card(
        "4000008260003178",
        authenticate="unless_saved",
        decline=("card_declined", "insufficient_funds"),
        alias="authenticationRequiredChargeDeclinedInsufficientFunds",
    ),
    Card("4000000000000259", disputed=True, alias="createDispute"),
    Card("4000000000007726", refund="pending", alias="pendingRefund"),
    Card("4000000000005126", refund="fails", alias="refundFail"),
)
BY_NUMBER: Final = {card.number: card for card in _CARDS}
_BY_ALIAS: Final = {card.alias: card for card in _CARDS}

_TEXTS: Final = {
    "card_declined": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


def of_token(token: str) -> Card | None:
    """``pm_card_visa``, ``tok_visa``: ready-made cards of test mode."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return _BY_ALIAS.get(token.removeprefix(prefix))
    return None


def of_number(number: str) -> Card:
    """The card with the number that somebody typed; an unknown number is no test card."""
    digits = "".join(letter for letter in number if letter.isdigit())
    card = BY_NUMBER.get(digits)
    if card is None:
        raise declined(
            "incorrect_number" if not digits else "card_declined",
            "Your card number is incorrect."
            if not digits
            else "Your card was declined. Your request was in test mode, but used a non test card.",
            decline_code="" if not digits else "test_mode_live_card",
            param="number",
        )
    return card


def refusal(code: str, decline_code: str) -> Refusal:
    """What a declined card answers."""
    text = _TEXTS[code]
    if decline_code == "insufficient_funds":
        text = "Your card has insufficient funds."
    return declined(code, text, decline_code=decline_code)
