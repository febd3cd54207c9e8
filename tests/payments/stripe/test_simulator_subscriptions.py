"""The simulator of Stripe: subscriptions, their invoices, and what time does to them."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from billing.payments.simulators.stripe.periods import DAY, next_boundary, part

from .conftest import Remote

PAY = {"save_default_payment_method": "on_subscription"}


def price(api: Any, amount: int = 3500, interval: str = "day", count: int = 35) -> str:
    return str(
        api.prices.create(
            {"currency": "usd", "unit_amount": amount, "recurring": {"interval": interval, "interval_count": count},
             "product_data": {"name": f"Plan {amount}"}}
        ).id
    )  # fmt: skip


def customer(api: Any, card: str = "") -> str:
    ann = str(api.customers.create({"email": "ann@example.com"}).id)
    if card:
        use(api, ann, card)
    return ann


def use(api: Any, ann: str, card: str) -> None:
    kept = api.payment_methods.attach(card, {"customer": ann})
    api.customers.update(ann, {"invoice_settings": {"default_payment_method": kept.id}})


def begin(api: Any, ann: str, cost: str, **more: Any) -> Any:
    return api.subscriptions.create({"customer": ann, "items": [{"price": cost}], **more})


def period(subscription: Any) -> tuple[int, int]:
    (item,) = subscription["items"].data
    return item.current_period_start, item.current_period_end


@pytest.mark.req("C8", "C19")
def test_a_subscription_waits_for_its_first_payment_by_the_confirmation_secret(
    api: Any, remote: Remote
) -> None:
    made = begin(
        api, customer(api), price(api), payment_behavior="default_incomplete", payment_settings=PAY,
        expand=["latest_invoice.confirmation_secret"],
    )  # fmt: skip
    assert made.status == "incomplete"
    start, end = period(made)
    assert end - start == 35 * DAY
    secret = made.latest_invoice.confirmation_secret.client_secret
    page = f"{remote.url}/stripe/pay/{made.latest_invoice.hosted_invoice_url.split('/')[-2]}/{secret}"
    question = remote.browser(page, number="4000 0027 6000 3184").headers["location"]
    remote.browser(question, verdict="pass")
    after = api.subscriptions.retrieve(made.id, {"expand": ["default_payment_method"]})
    assert (after.status, after.default_payment_method.card.last4) == ("active", "3184")
    assert {"invoice.payment_action_required", "invoice.paid", "customer.subscription.updated"} <= set(
        remote.types()
    )
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice.payment_intent"]})


def test_nobody_pays_and_the_subscription_expires(api: Any, remote: Remote) -> None:
    made = begin(api, customer(api), price(api), payment_behavior="default_incomplete")
    remote.forward(hours=24)
    assert api.subscriptions.retrieve(made.id).status == "incomplete_expired"
    assert api.invoices.retrieve(made.latest_invoice).status == "void"


def test_it_renews_every_35_days(api: Any, remote: Remote) -> None:
    made = begin(api, customer(api, "pm_card_visa"), price(api))
    assert made.status == "active"
    remote.forward(days=106)
    invoices = api.invoices.list({"subscription": made.id}).data
    assert [(each.status, each.amount_paid, each.billing_reason) for each in invoices] == [
        *[("paid", 3500, "subscription_cycle")] * 3, ("paid", 3500, "subscription_create")
    ]  # fmt: skip
    assert period(api.subscriptions.retrieve(made.id)) == (made.created + 105 * DAY, made.created + 140 * DAY)
    assert [each.number[-4:] for each in invoices] == ["0004", "0003", "0002", "0001"]


@pytest.mark.req("F42")
def test_a_card_that_fails_later_is_tried_again_and_then_the_subscription_ends(
    api: Any, remote: Remote
) -> None:
    ann = customer(api, "pm_card_visa")
    made = begin(api, ann, price(api))
    use(api, ann, "pm_card_chargeCustomerFail")
    remote.forward(days=35, hours=2)
    assert api.subscriptions.retrieve(made.id).status == "past_due"
    remote.forward(days=14)
    assert api.subscriptions.retrieve(made.id).status == "canceled"
    assert api.invoices.list({"subscription": made.id}).data[0].attempt_count == 4


def test_a_new_card_in_between_saves_it(api: Any, remote: Remote) -> None:
    ann = customer(api, "pm_card_visa")
    made = begin(api, ann, price(api))
    use(api, ann, "pm_card_chargeCustomerFail")
    remote.forward(days=35, hours=2)
    open_invoice = api.invoices.list({"subscription": made.id}).data[0]
    assert "alert" in remote.browser(open_invoice.hosted_invoice_url, number="4000000000000341").text
    assert "paid" in remote.browser(open_invoice.hosted_invoice_url, number="4242424242424242").text
    assert api.subscriptions.retrieve(made.id).status == "active"


@pytest.mark.req("F42")
@pytest.mark.parametrize("behaviour", ["always_invoice", "create_prorations"])
def test_the_preview_of_a_change_is_what_is_charged(api: Any, remote: Remote, behaviour: str) -> None:
    made = begin(api, customer(api, "pm_card_visa"), price(api, 3500))
    remote.forward(days=12, seconds=4321)
    better = price(api, 9900)
    at = made.created + 12 * DAY + 4321
    change = {"items": [{"id": made["items"].data[0].id, "price": better}], "proration_behavior": behaviour,
              "proration_date": at}  # fmt: skip
    preview = api.invoices.create_preview({"subscription": made.id, "subscription_details": change})
    assert api.subscriptions.retrieve(made.id)["items"].data[0].price.unit_amount == 3500
    api.subscriptions.update(made.id, change)
    if behaviour == "create_prorations":
        remote.forward(days=24)
    (charged, *_) = api.invoices.list({"subscription": made.id}).data
    assert (charged.total, charged.status) == (preview.total, "paid")
    assert [each.amount for each in charged.lines.data] == [each.amount for each in preview.lines.data]
    rest = 35 * DAY - (12 * DAY + 4321)
    assert preview.lines.data[0].amount == -part(3500, start=0, end=35 * DAY, moment=35 * DAY - rest)


def test_a_downgrade_leaves_credit_for_the_next_invoice(api: Any, remote: Remote) -> None:
    ann = customer(api, "pm_card_visa")
    made = begin(api, ann, price(api, 10_000))
    item = {"id": made["items"].data[0].id, "price": price(api, 1000)}
    at = made.created + 7 * DAY
    remote.forward(days=7)
    api.subscriptions.update(
        made.id, {"items": [item], "proration_behavior": "always_invoice", "proration_date": at}
    )
    assert api.customers.retrieve(ann).balance == -(8000 - 800)
    remote.forward(days=29)
    (renewal, *_) = api.invoices.list({"subscription": made.id}).data
    assert (renewal.total, renewal.amount_due, renewal.ending_balance) == (1000, 0, -6200)


def test_seats_and_another_interval_begin_a_new_period(api: Any, remote: Remote) -> None:
    made = begin(api, customer(api, "pm_card_visa"), price(api, 1000, "month", 1))
    item = made["items"].data[0].id
    api.subscriptions.update(made.id, {"items": [{"id": item, "quantity": 3}]})
    api.subscriptions.update(made.id, {"items": [{"id": item, "price": price(api, 9000, "year", 1)}]})
    (yearly, *_) = api.invoices.list({"subscription": made.id}).data
    assert sum(each.amount for each in yearly.lines.data if each.amount > 0) >= 27_000
    start, end = period(api.subscriptions.retrieve(made.id))
    assert 365 <= (end - start) / DAY <= 366


def test_a_trial_warns_ends_and_is_paid_for(api: Any, remote: Remote) -> None:
    ann = customer(api)
    made = begin(api, ann, price(api), trial_period_days=14, payment_behavior="default_incomplete",
                 expand=["pending_setup_intent"])  # fmt: skip
    assert (made.status, period(made)[1]) == ("trialing", made.created + 14 * DAY)
    api.setup_intents.confirm(
        made.pending_setup_intent.id, {"payment_method": "pm_card_visa", "return_url": "https://x/"}
    )
    remote.forward(days=12)
    assert "customer.subscription.trial_will_end" in remote.types()
    assert api.charges.list().data == []
    remote.forward(days=2, hours=2)
    after = api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert (after.status, after.latest_invoice.status, after.latest_invoice.amount_paid) == (
        "active",
        "paid",
        3500,
    )


@pytest.mark.parametrize(("behaviour", "status"), [("cancel", "canceled"), ("pause", "paused")])
def test_a_trial_without_a_card_ends_as_was_agreed(
    api: Any, remote: Remote, behaviour: str, status: str
) -> None:
    settings = {"end_behavior": {"missing_payment_method": behaviour}}
    made = begin(api, customer(api), price(api), trial_period_days=7, trial_settings=settings)
    remote.forward(days=8)
    assert api.subscriptions.retrieve(made.id).status == status


@pytest.mark.req("S4-77")
def test_it_is_cancelled_at_the_periods_end_or_kept_or_at_once(api: Any, remote: Remote) -> None:
    ann = customer(api, "pm_card_visa")
    first, second, third = (begin(api, ann, price(api)) for _ in range(3))
    ending = api.subscriptions.update(first.id, {"cancel_at_period_end": True})
    assert ending.cancel_at == period(first)[1]
    api.subscriptions.update(second.id, {"cancel_at_period_end": True})
    api.subscriptions.update(second.id, {"cancel_at_period_end": False})
    assert (
        api.subscriptions.cancel(third.id, {"cancellation_details": {"comment": "enough"}}).status
        == "canceled"
    )
    remote.forward(days=36)
    assert [api.subscriptions.retrieve(each.id).status for each in (first, second)] == ["canceled", "active"]
    assert len(api.invoices.list({"subscription": first.id}).data) == 1
    assert remote.types().count("customer.subscription.deleted") == 2


def test_collection_pauses_and_comes_back(api: Any, remote: Remote) -> None:
    made = begin(api, customer(api, "pm_card_visa"), price(api))
    resumes = made.created + 40 * DAY
    api.subscriptions.update(made.id, {"pause_collection": {"behavior": "void", "resumes_at": resumes}})
    remote.forward(days=71)
    invoices = api.invoices.list({"subscription": made.id}).data
    assert [each.status for each in invoices] == ["paid", "void", "paid"]


def test_a_paused_subscription_makes_no_invoices_and_resumes_with_a_new_period(
    api: Any, remote: Remote
) -> None:
    made = begin(api, customer(api, "pm_card_visa"), price(api))
    remote.forward(days=7)
    assert api.subscriptions.pause(made.id).status == "paused"
    remote.forward(days=100)
    assert len(api.invoices.list({"subscription": made.id}).data) == 1
    preview = api.invoices.create_preview(
        {"subscription": made.id, "subscription_details": {"resume_at": "now"}}
    )
    resumed = api.subscriptions.resume(made.id, {"billing_cycle_anchor": {"type": "now"}})
    (invoice, *_) = api.invoices.list({"subscription": made.id}).data
    assert (resumed.status, invoice.total, preview.total) == ("active", 3500 - 2800, 3500 - 2800)


@pytest.mark.parametrize("behaviour", ["error_if_incomplete", "allow_incomplete"])
def test_a_first_payment_that_fails(api: Any, behaviour: str) -> None:
    ann = customer(api, "pm_card_chargeCustomerFail")
    if behaviour == "allow_incomplete":
        assert begin(api, ann, price(api), payment_behavior=behaviour).status == "incomplete"
        return
    with pytest.raises(stripe.CardError):
        begin(api, ann, price(api), payment_behavior=behaviour)
    assert api.subscriptions.list({"status": "all"}).data == []


def test_somebody_subscribes_on_the_hosted_page_and_manages_it_in_the_portal(
    api: Any, remote: Remote
) -> None:
    ann = customer(api)
    session = api.checkout.sessions.create(
        {"mode": "subscription", "customer": ann, "line_items": [{"price": price(api), "quantity": 1}],
         "success_url": "https://acme.example.com/", "subscription_data": {"metadata": {"plan": "pro"}}}
    )  # fmt: skip
    assert remote.browser(session.url, number="4242424242424242", expiry="12/34").status_code == 303
    done = api.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice"]})
    assert (done.status, done.subscription.status, done.subscription.metadata.plan) == (
        "complete",
        "active",
        "pro",
    )
    assert done.invoice.amount_paid == 3500
    portal = api.billing_portal.sessions.create({"customer": ann, "return_url": "https://acme.example.com/"})
    assert "Simulated" in remote.browser(portal.url).text
    remote.browser(portal.url, act="cancel", subscription=done.subscription.id)
    assert api.subscriptions.retrieve(done.subscription.id).cancel_at_period_end
    remote.browser(portal.url, act="keep", subscription=done.subscription.id)
    assert not api.subscriptions.retrieve(done.subscription.id).cancel_at_period_end
    assert "insufficient" in remote.browser(portal.url, number="4000000000009995").text
    remote.browser(portal.url, number="5555555555554444")
    card = api.customers.retrieve(ann, {"expand": ["invoice_settings.default_payment_method"]})
    assert card.invoice_settings.default_payment_method.card.brand == "mastercard"


def test_an_invoice_is_voided_or_paid_elsewhere(api: Any) -> None:
    ann = customer(api)
    made = [begin(api, ann, price(api), payment_behavior="default_incomplete") for _ in range(2)]
    assert api.invoices.void_invoice(made[0].latest_invoice).status == "void"
    assert api.invoices.pay(made[1].latest_invoice, {"paid_out_of_band": True}).status == "paid"
    assert api.subscriptions.retrieve(made[1].id).status == "active"


@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(0, 400))
def test_cycles_of_months_keep_their_day(anchor: int, count: int, days: int) -> None:
    after = anchor + days * DAY
    found = next_boundary(anchor, after, "month", count)
    assert found > after
    assert next_boundary(anchor, found - 1, "month", count) == found
    assert found - after <= count * 31 * DAY


@given(st.integers(0, 10**9), st.integers(1, 400 * DAY), st.data())
def test_parts_of_a_period_add_up(amount: int, length: int, data: st.DataObject) -> None:
    moment = data.draw(st.integers(0, length))
    rest = part(amount, start=0, end=length, moment=moment)
    used = part(amount, start=0, end=length, moment=length - moment)
    assert 0 <= rest <= amount
    assert rest + used in (amount, amount + 1)  # both halves of a minor unit are rounded up
