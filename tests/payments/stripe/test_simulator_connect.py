"""The simulator of Stripe: sellers' accounts, transfers, payouts."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Remote

RETURN = "https://acme.example.com/"
EXPRESS = {
    "country": "US",
    "email": "seller@example.com",
    "controller": {"fees": {"payer": "application"}, "losses": {"payments": "application"}, "stripe_dashboard": {"type": "express"}},
    "capabilities": {"transfers": {"requested": True}},
}  # fmt: skip


def seller(api: Any, remote: Remote) -> str:
    account = api.accounts.create(EXPRESS)
    assert not account.payouts_enabled and account.requirements.currently_due
    link = api.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": RETURN,
            "refresh_url": f"{RETURN}again/",
        }
    )
    assert "Simulated" in remote.browser(link.url).text
    assert remote.browser(link.url, verdict="submit").headers["location"] == RETURN
    assert remote.browser(link.url, verdict="submit").headers["location"] == f"{RETURN}again/"  # works once
    assert api.accounts.retrieve(account.id).payouts_enabled
    return str(account.id)


def paid(api: Any, amount: int = 10_000, card: str = "pm_card_visa", **more: Any) -> Any:
    given = {
        "amount": amount,
        "currency": "usd",
        "payment_method": card,
        "confirm": True,
        "return_url": RETURN,
    }
    return api.payment_intents.create({**given, **more})


def available(api: Any, **options: Any) -> int:
    return int(api.balance.retrieve(**options).available[0].amount)


def test_a_charge_is_passed_on_and_the_commission_stays(api: Any, remote: Remote) -> None:
    account = seller(api, remote)
    payment = paid(api, transfer_group="order-9")
    with pytest.raises(stripe.InvalidRequestError) as caught:  # the money is still on its way
        api.transfers.create({"amount": 9000, "currency": "usd", "destination": account})
    assert caught.value.code == "balance_insufficient"
    transfer = api.transfers.create(
        {
            "amount": 9000,
            "currency": "usd",
            "destination": account,
            "source_transaction": payment.latest_charge,
        }
    )
    assert transfer.transfer_group == "order-9"
    with pytest.raises(stripe.InvalidRequestError, match="greater than the amount"):
        api.transfers.create(
            {
                "amount": 1001,
                "currency": "usd",
                "destination": account,
                "source_transaction": payment.latest_charge,
            }
        )
    own = {"options": {"stripe_account": account}}
    assert api.balance.retrieve(**own).pending[0].amount == 9000
    remote.forward(days=3)
    assert (available(api), available(api, **own)) == (10_000 - 320 - 9000, 9000)
    payout = api.payouts.create({"amount": 9000, "currency": "usd"}, own["options"])
    remote.forward(days=3)
    assert api.payouts.retrieve(payout.id, None, own["options"]).status == "paid"
    assert available(api, **own) == 0


def test_a_refund_takes_its_part_back_from_the_seller(api: Any, remote: Remote) -> None:
    account = seller(api, remote)
    payment = paid(api)
    transfer = api.transfers.create(
        {
            "amount": 9000,
            "currency": "usd",
            "destination": account,
            "source_transaction": payment.latest_charge,
        }
    )
    remote.forward(days=3)
    api.transfers.reversals.create(transfer.id, {"amount": 4500, "metadata": {"refund": "r-1"}})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unreversed"):
        api.transfers.reversals.create(transfer.id, {"amount": 4501})
    api.transfers.reversals.create(transfer.id)
    after = api.transfers.retrieve(transfer.id)
    assert (after.reversed, after.amount_reversed, len(after.reversals.data)) == (True, 9000, 2)
    assert available(api, options={"stripe_account": account}) == 0


def test_a_payout_that_fails_brings_the_money_back(api: Any, remote: Remote) -> None:
    paid(api, card="pm_card_bypassPending")
    before = available(api)
    payout = api.payouts.create({"amount": 2000, "currency": "usd", "metadata": {"simulate": "fail"}})
    assert available(api) == before - 2000
    remote.forward(days=3)
    failed = api.payouts.retrieve(payout.id)
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert available(api) == before
    with pytest.raises(stripe.InvalidRequestError, match="not pending"):
        api.payouts.cancel(payout.id)


def test_another_platforms_sellers_are_not_known(api: Any, remote: Remote) -> None:
    account = seller(api, remote)
    other = remote.client("sk_test_anotherplatform")
    with pytest.raises(stripe.PermissionError):
        other.balance.retrieve(options={"stripe_account": account})
    with pytest.raises(stripe.InvalidRequestError, match="No such account"):
        other.accounts.retrieve(account)


def test_events_of_sellers_go_to_endpoints_for_connect(api: Any, remote: Remote) -> None:
    for connect in (False, True):
        api.webhook_endpoints.create(
            {"url": f"http://127.0.0.1:9/{connect}", "enabled_events": ["*"], "connect": connect}
        )
    account = seller(api, remote)
    told = [each for each in remote.deliveries() if account in each["body"]]
    assert [each["url"][-4:] for each in told] == ["True"]


@pytest.mark.breaks_contract
def test_the_old_account_type_and_ignored_parameters_are_refused(api: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="controller"):
        api.accounts.create({**EXPRESS, "type": "express"})
    with pytest.raises(stripe.InvalidRequestError, match="does not know what on_behalf_of"):
        api.setup_intents.create({"on_behalf_of": "acct_1"})
