"""The simulator of Stripe: keys, idempotency, faults and signed events."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from billing.payments.providers.stripe.http import NoAnswer
from billing.payments.simulators.accounts import account_name
from billing.payments.simulators.stripe_keys import secret_key

from .conftest import Remote

MONEY = {"amount": 700, "currency": "usd"}
CONFIGURATION = "0197c1de-0000-7000-8000-000000000001"


def test_every_key_has_an_account_of_its_own(api: Any, remote: Remote) -> None:
    made = api.customers.create()
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        remote.client("sk_test_somebodyelse").customers.retrieve(made.id)
    for key in (
        "sk_live_51real",
        "nonsense",
        f"sk_test_{account_name(CONFIGURATION).replace('-', '_')}_0000",
    ):
        with pytest.raises(stripe.AuthenticationError):
            remote.client(key).customers.retrieve(made.id)
    simulated = remote.client(secret_key(CONFIGURATION))
    assert simulated.customers.list().data == []


def test_only_the_pinned_version_is_spoken(remote: Remote) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="2020-08-27"):
        remote.client(stripe_version="2020-08-27").customers.list()


def test_a_key_gives_the_first_answer_again_and_refuses_other_parameters(api: Any, remote: Remote) -> None:
    first = api.payment_intents.create(MONEY, {"idempotency_key": "order-1"})
    again = api.payment_intents.create(MONEY, {"idempotency_key": "order-1"})
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert len(api.payment_intents.list().data) == 1
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as caught:
        api.payment_intents.create({**MONEY, "amount": 800}, {"idempotency_key": "order-1"})
    assert caught.value.http_status == 400


def test_a_decline_is_an_answer_too(api: Any) -> None:
    given = {**MONEY, "payment_method": "pm_card_visa_chargeDeclined", "confirm": True, "off_session": True}
    found = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            api.payment_intents.create(given, {"idempotency_key": "order-2"})
        found.append(caught.value.error.payment_intent.id)
    assert found[0] == found[1]
    assert len(api.charges.list().data) == 1


def test_a_key_under_way_is_a_conflict(api: Any, remote: Remote) -> None:
    remote.control("stripe/hold_key", key=remote.key, idempotency_key="order-3")
    with pytest.raises(stripe.StripeError) as caught:
        api.payment_intents.create(MONEY, {"idempotency_key": "order-3"})
    assert (caught.value.http_status, caught.value.error.code) == (409, "idempotency_key_in_use")
    assert api.payment_intents.list().data == []


@pytest.mark.breaks_contract
def test_parameters_that_are_refused_do_not_use_up_the_key(api: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.create({**MONEY, "colour": "red"}, {"idempotency_key": "order-4"})
    assert (
        api.payment_intents.create(MONEY, {"idempotency_key": "order-4"}).status == "requires_payment_method"
    )


@pytest.mark.parametrize("kind", ["timeout_after", "cut_after", "garbage_after"])
def test_an_answer_that_is_lost_is_found_again_by_its_key(api: Any, remote: Remote, kind: str) -> None:
    remote.wire.timeout = 0.5
    remote.fault(kind, "/v1/payment_intents", method="POST")
    with pytest.raises((NoAnswer, stripe.APIError)):
        api.payment_intents.create(MONEY, {"idempotency_key": "order-5"})
    assert len(api.payment_intents.list().data) == 1
    assert (
        api.payment_intents.create(MONEY, {"idempotency_key": "order-5"}).id
        == api.payment_intents.list().data[0].id
    )


@pytest.mark.parametrize(
    ("kind", "error"),
    [("rate_limit", stripe.RateLimitError), ("error_500", stripe.APIError), ("garbage", stripe.APIError)],
)
def test_a_request_that_is_turned_away_did_nothing(
    api: Any, remote: Remote, kind: str, error: type[Exception]
) -> None:
    remote.fault(kind, "/v1/payment_intents")
    with pytest.raises(error):
        api.payment_intents.create(MONEY, {"idempotency_key": "order-6"})
    assert api.payment_intents.list().data == []


def test_events_are_signed_as_stripe_signs_them(api: Any, remote: Remote) -> None:
    endpoint = api.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/hook", "enabled_events": ["customer.created"]}
    )
    assert endpoint.secret.startswith("whsec_")
    made = api.customers.create()
    api.customers.update(made.id, {"name": "Ann"})  # nobody asked to be told of that
    (sent,) = [each for each in remote.deliveries() if each["url"] == endpoint.url]
    client = stripe.StripeClient("sk_test_x")
    event = client.construct_event(sent["body"], sent["headers"]["Stripe-Signature"], endpoint.secret)
    assert (event.type, event.data.object.id) == ("customer.created", made.id)
    for body, secret in ((sent["body"] + " ", endpoint.secret), (sent["body"], "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            client.construct_event(body, sent["headers"]["Stripe-Signature"], secret)
    assert api.webhook_endpoints.retrieve(endpoint.id).to_dict().get("secret") is None


def test_lists_have_pages(api: Any) -> None:
    made = [api.customers.create({"email": f"{n}@example.com"}).id for n in range(5)]
    assert [each.id for each in api.customers.list({"limit": 2}).auto_paging_iter()] == made[::-1]
    assert [each.id for each in api.customers.list({"email": "3@example.com"}).data] == [made[3]]
