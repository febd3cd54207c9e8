"""The simulator of Stripe: hosted pages, and the cardholder's bank."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .conftest import Remote

BACK = "https://acme.example.com/paid/?session={CHECKOUT_SESSION_ID}"


def session(api: Any, **more: Any) -> Any:
    line = {
        "price_data": {"currency": "usd", "unit_amount": 2500, "product_data": {"name": "Credit"}},
        "quantity": 2,
    }
    given = {
        "mode": "payment",
        "line_items": [line],
        "success_url": BACK,
        "cancel_url": "https://acme.example.com/",
    }
    return api.checkout.sessions.create({**given, **more})


def location(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_somebody_pays_on_the_page(api: Any, remote: Remote) -> None:
    made = session(api, client_reference_id="p-1", payment_intent_data={"metadata": {"payment": "p-1"}})
    assert (made.amount_total, made.payment_intent) == (5000, None)
    page = remote.browser(made.url)
    assert "Simulated" in page.text and "50.00 USD" in page.text
    # A decline leaves the page open, the next card pays.
    declined = remote.browser(made.url, number="4000 0000 0000 9995", expiry="12/34")
    assert declined.status_code == 200 and "insufficient funds" in declined.text
    assert location(remote.browser(made.url, number="4242 4242 4242 4242", expiry="12/34")) == BACK.replace(
        "{CHECKOUT_SESSION_ID}", made.id
    )
    done = api.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent.latest_charge", "line_items"]})
    assert (done.status, done.payment_status, done.payment_intent.metadata.payment) == (
        "complete",
        "paid",
        "p-1",
    )
    assert done.payment_intent.latest_charge.amount == 5000
    assert len(api.charges.list({"payment_intent": done.payment_intent.id}).data) == 2
    assert remote.types()[-2:] == ["payment_intent.succeeded", "checkout.session.completed"]
    # Whoever reloads the page is sent on and does not pay again.
    assert location(remote.browser(made.url.replace(made.id, done.id))).startswith("https://acme")


@pytest.mark.parametrize(("verdict", "status"), [("pass", "complete"), ("fail", "open")])
def test_the_bank_asks_the_cardholder(api: Any, remote: Remote, verdict: str, status: str) -> None:
    made = session(api)
    question = location(remote.browser(made.url, number="4000002760003184", expiry="12/34"))
    assert "Simulated" in remote.browser(question).text
    after = location(remote.browser(question, verdict=verdict))
    assert after == made.url
    remote.browser(after)
    assert api.checkout.sessions.retrieve(made.id).status == status


def test_a_card_is_kept_without_paying_and_used_on_the_next_page(api: Any, remote: Remote) -> None:
    ann = api.customers.create({"email": "ann@example.com"}).id
    made = session(
        api,
        mode="setup",
        customer=ann,
        line_items=[],
        currency="usd",
        setup_intent_data={"metadata": {"a": "b"}},
    )
    location(remote.browser(made.url, number="4000002500003155", expiry="11/30"))
    question = api.setup_intents.retrieve(api.checkout.sessions.retrieve(made.id).setup_intent)
    location(remote.browser(question.next_action.redirect_to_url.url, verdict="pass"))
    (card,) = api.customers.payment_methods.list(ann).data
    assert (card.card.last4, card.card.exp_month, card.card.exp_year) == ("3155", 11, 2030)
    again = session(api, customer=ann)
    assert "ending in 3155" in remote.browser(again.url).text
    location(remote.browser(again.url, saved=card.id))
    assert api.checkout.sessions.retrieve(again.id).payment_status == "paid"


def test_a_page_expires(api: Any, remote: Remote) -> None:
    made = session(api)
    remote.forward(days=2)
    assert api.checkout.sessions.retrieve(made.id).status == "expired"
    assert remote.browser(made.url, number="4242424242424242").status_code == 410
    assert api.payment_intents.list().data == []


def test_an_app_confirms_by_itself_and_the_bank_asks_there_too(api: Any, remote: Remote) -> None:
    intent = api.payment_intents.create(
        {"amount": 800, "currency": "usd", "automatic_payment_methods": {"enabled": True}}
    )
    account = made_account(api, remote)
    page = f"{remote.url}/stripe/pay/{account}/{intent.client_secret}"
    assert "Your card was declined" in remote.browser(page, number="4000000000000002").text
    question = location(remote.browser(page, number="4000002760003184"))
    assert location(remote.browser(question, verdict="pass")) == page
    assert api.payment_intents.retrieve(intent.id).status == "succeeded"


def made_account(api: Any, remote: Remote) -> str:
    """The simulator's name of the account, as it stands in addresses of pages."""
    return session(api).url.split("/")[-2]
