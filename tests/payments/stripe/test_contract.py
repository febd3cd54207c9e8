"""The judge of requests and answers: it lets Stripe's own shapes pass and notices what is not one."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from billing.payments.simulators.stripe.calls import read_form
from billing.payments.simulators.stripe.contract import check_answer, read_params
from billing.payments.simulators.stripe.operations import operation

REFUND: dict[str, Any] = {
    "id": "re_1", "object": "refund", "amount": 5, "created": 1, "currency": "usd", "charge": "ch_1",
    "status": "succeeded", "metadata": {"a": "b"}, "destination_details": {"type": "card", "card": {"type": "refund"}},
}  # fmt: skip


def wrong(name: str, *pairs: tuple[str, str]) -> list[str]:
    return [f"{p.kind} {p.where}" for p in read_params(operation(name), read_form(list(pairs)))[1]]


def test_operations_are_those_of_the_sdk() -> None:
    found = operation("transfers.reversals.create")
    assert (found.method, found.path) == ("POST", "/v1/transfers/{id}/reversals")
    assert found.answer is stripe.TransferReversal
    assert operation("checkout.sessions.create").answer is stripe.checkout.Session
    with pytest.raises(LookupError, match="knows no sources_of_money"):
        operation("sources_of_money.create")
    with pytest.raises(LookupError, match="has no vanish"):
        operation("customers.vanish")


def test_what_stripe_takes_is_read_with_its_types() -> None:
    pairs = [("amount", "1200"), ("currency", "usd"), ("confirm", "true"), ("off_session", "recurring"),
             ("automatic_payment_methods[enabled]", "true"), ("metadata[user_id]", "7"), ("expand[0]", "latest_charge")]  # fmt: skip
    params, problems = read_params(operation("payment_intents.create"), read_form(pairs))
    assert problems == []
    assert params == {
        "amount": 1200, "currency": "usd", "confirm": True, "off_session": "recurring",
        "automatic_payment_methods": {"enabled": True}, "metadata": {"user_id": "7"}, "expand": ["latest_charge"],
    }  # fmt: skip


def test_an_unknown_key_is_noticed_at_every_depth() -> None:
    assert wrong("payment_intents.create", ("amount", "1"), ("currency", "usd"), ("payment_method_types[0]", "card")) \
        == ["unknown payment_method_types"]  # fmt: skip
    assert wrong("subscriptions.create", ("customer", "cus_1"), ("items[0][price]", "p"), ("items[0][prise]", "p")) \
        == ["unknown items[0][prise]"]  # fmt: skip
    # What the SDK sends as headers is no parameter.
    assert wrong("customers.create", ("idempotency_key", "x")) == ["unknown idempotency_key"]


def test_a_wrong_type_is_noticed() -> None:
    assert wrong("payment_intents.create", ("amount", "12.50"), ("currency", "usd")) == ["type amount"]
    assert wrong("payment_intents.create", ("amount", "1"), ("currency[a]", "usd")) == ["type currency"]
    assert wrong("payment_intents.create", ("amount", "1"), ("currency", "usd"), ("confirm", "yes")) == [
        "type confirm"
    ]
    assert wrong("customers.create", ("metadata[a][b]", "c")) == ["type metadata[a]"]
    assert wrong("refunds.create", ("expand", "charge")) == ["type expand"]
    # A word that this version of the API does not know, though the SDK's type is open.
    assert wrong("refunds.create", ("reason", "regret")) == ["type reason"]
    assert wrong("prices.create", ("currency", "usd"), ("recurring[interval]", "fortnight")) == [
        "type recurring[interval]"
    ]


def test_a_missing_required_key_is_noticed() -> None:
    assert wrong("payment_intents.create", ("currency", "usd")) == ["missing amount"]
    assert wrong("prices.create", ("currency", "usd"), ("recurring[interval_count]", "35")) \
        == ["missing recurring[interval]"]  # fmt: skip
    assert (
        wrong(
            "prices.create",
            ("currency", "usd"),
            ("recurring[interval]", "day"),
            ("recurring[interval_count]", "35"),
        )
        == []
    )


def problems_of(**changes: Any) -> list[str]:
    answer = {name: value for name, value in {**REFUND, **changes}.items() if value != "left out"}
    return [f"{p.kind} {p.where}" for p in check_answer(operation("refunds.create"), answer)]


def test_answers_are_checked_by_the_resource_classes() -> None:
    assert problems_of() == []
    assert problems_of(charge=None, status=None) == []
    assert problems_of(amount="left out") == ["missing .amount"]
    assert problems_of(amount=None) == ["type .amount"]
    assert problems_of(amount=5.0) == ["type .amount"]
    assert problems_of(object="charge") == ["type .object"]
    assert problems_of(total=5) == ["unknown .total"]
    assert problems_of(metadata={"a": 1}) == ["type .metadata.a"]
    assert problems_of(destination_details={"type": "card", "card": {"type": "gift"}}) == \
        ["type .destination_details.card.type"]  # fmt: skip
    assert problems_of(destination_details={"card": {"type": "refund"}}) == [
        "missing .destination_details.type"
    ]


def test_lists_and_expanded_objects_are_checked_inside() -> None:
    listing = {
        "object": "list",
        "data": [REFUND, {**REFUND, "amount": "5"}],
        "has_more": False,
        "url": "/v1/refunds",
    }
    found = check_answer(operation("refunds.list"), listing)
    assert [p.where for p in found] == [".data[1].amount"]
    assert check_answer(operation("refunds.list"), {**listing, "data": [], "total": 1})
    assert check_answer(operation("refunds.list"), {"object": "list", "data": []})
    assert problems_of(charge={"id": "ch_1", "object": "charge"})[0] == "missing .charge.amount"
