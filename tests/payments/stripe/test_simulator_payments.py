"""The simulator of Stripe: customers, cards, payments and refunds, through the SDK."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Remote

RETURN = "https://acme.example.com/back/"


def customer(api: Any) -> str:
    return str(
        api.customers.create({"email": "ann@example.com", "name": "Ann", "metadata": {"user_id": "7"}}).id
    )


def pay(api: Any, card: str = "pm_card_visa", amount: int = 5000, **more: Any) -> Any:
    given = {
        "amount": amount,
        "currency": "usd",
        "payment_method": card,
        "confirm": True,
        "return_url": RETURN,
    }
    return api.payment_intents.create({**given, **more})


def test_a_customer_keeps_a_card_and_is_charged_without_being_there(api: Any, remote: Remote) -> None:
    ann = customer(api)
    api.setup_intents.create(
        {"customer": ann, "payment_method": "pm_card_visa", "confirm": True, "return_url": RETURN}
    )
    (card,) = api.customers.payment_methods.list(ann).data
    assert (card.card.brand, card.card.last4) == ("visa", "4242")
    api.customers.update(ann, {"invoice_settings": {"default_payment_method": card.id}})
    paid = api.payment_intents.create(
        {"amount": 1200, "currency": "eur", "customer": ann, "payment_method": card.id, "confirm": True,
         "off_session": True, "expand": ["latest_charge.balance_transaction"]}
    )  # fmt: skip
    assert (paid.status, paid.amount_received, paid.latest_charge.balance_transaction.fee) == (
        "succeeded",
        1200,
        65,
    )
    assert remote.types() == [
        "customer.created", "setup_intent.created", "payment_method.attached", "setup_intent.succeeded",
        "customer.updated", "payment_intent.created", "charge.succeeded", "payment_intent.succeeded",
    ]  # fmt: skip
    api.payment_methods.detach(card.id)
    assert api.customers.payment_methods.list(ann).data == []
    assert api.customers.retrieve(ann).invoice_settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        pay(api, card.id)


@pytest.mark.parametrize(
    ("card", "code", "decline"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
    ],
)
def test_a_declined_card_leaves_a_failed_charge_on_record(
    api: Any, card: str, code: str, decline: str | None
) -> None:
    with pytest.raises(stripe.CardError) as caught:
        pay(api, card)
    error = caught.value.error
    assert (caught.value.http_status, error.code, error.to_dict().get("decline_code")) == (402, code, decline)
    intent = api.payment_intents.retrieve(error.payment_intent.id, {"expand": ["latest_charge"]})
    assert (intent.status, intent.latest_charge.status) == ("requires_payment_method", "failed")
    assert intent.last_payment_error.code == code


def test_a_card_that_declines_everything_cannot_be_kept(api: Any) -> None:
    with pytest.raises(stripe.CardError):
        api.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer(api)})
    # This one can, and fails when it is charged.
    api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer(api)})


def test_money_comes_back_in_parts_and_not_more_than_was_paid(api: Any, remote: Remote) -> None:
    paid = pay(api)
    api.refunds.create({"payment_intent": paid.id, "amount": 2000, "reason": "requested_by_customer"})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        api.refunds.create({"payment_intent": paid.id, "amount": 3001})
    api.refunds.create({"payment_intent": paid.id})
    charge = api.charges.retrieve(paid.latest_charge, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded, len(charge.refunds.data)) == (5000, True, 2)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.refunds.create({"payment_intent": paid.id})
    assert caught.value.code == "charge_already_refunded"


@pytest.mark.parametrize(
    ("card", "first", "last"),
    [("pm_card_refundFail", "succeeded", "failed"), ("pm_card_pendingRefund", "pending", "succeeded")],
)
def test_a_bank_may_decide_on_a_refund_later(
    api: Any, remote: Remote, card: str, first: str, last: str
) -> None:
    refund = api.refunds.create({"payment_intent": pay(api, card).id})
    assert refund.status == first
    remote.forward(days=2)
    assert api.refunds.retrieve(refund.id).status == last
    charge = api.charges.retrieve(refund.charge)
    assert charge.refunded == (last == "succeeded")


def test_a_dispute_takes_the_money_until_it_is_won(api: Any, remote: Remote) -> None:
    paid = pay(api, "pm_card_createDispute")
    (dispute,) = api.disputes.list({"payment_intent": paid.id}).data
    assert (dispute.status, dispute.amount) == ("needs_response", 5000)
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        api.refunds.create({"payment_intent": paid.id})
    won = api.disputes.update(
        dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    )
    assert (won.status, sum(line.amount for line in won.balance_transactions)) == ("won", 0)
    assert [each for each in remote.types() if "dispute" in each] == [
        "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]  # fmt: skip


def test_a_browser_confirms_with_the_publishable_key_and_the_secret(api: Any, remote: Remote) -> None:
    intent = api.payment_intents.create({"amount": 900, "currency": "usd"})
    browser = {"key": remote.public_key, "client_secret": intent.client_secret, "payment_method": "pm_card_visa",
               "return_url": RETURN}  # fmt: skip
    url = f"{remote.url}/stripe/v1/payment_intents/{intent.id}"
    wrong = remote.http.post(
        f"{url}/confirm?key={remote.public_key}", data={**browser, "client_secret": "no", "key": ""}
    )
    assert wrong.status_code == 400
    del browser["key"]
    assert (
        remote.http.post(f"{url}/confirm?key={remote.public_key}", data=browser).json()["status"]
        == "succeeded"
    )
    refused = remote.http.post(
        f"{remote.url}/stripe/v1/refunds?key={remote.public_key}", data={"payment_intent": intent.id}
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "secret_key_required")


def test_money_is_authorised_and_captured_in_part(api: Any) -> None:
    held = pay(api, capture_method="manual")
    assert (held.status, held.amount_capturable) == ("requires_capture", 5000)
    taken = api.payment_intents.capture(held.id, {"amount_to_capture": 3000})
    assert (taken.status, taken.amount_received) == ("succeeded", 3000)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.payment_intents.cancel(held.id)
    assert caught.value.code == "payment_intent_unexpected_state"


@pytest.mark.breaks_contract
def test_what_stripe_took_away_is_refused(api: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.payment_intents.create({"amount": 100, "currency": "usd", "payment_method_types": ["card"]})
    assert (caught.value.code, caught.value.param) == ("parameter_unknown", "payment_method_types")


def test_what_cannot_be_expanded_is_refused(api: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        api.customers.create({"expand": ["email"]})
