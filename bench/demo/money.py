"""The chapter of money: a deposit, a transfer and a withdrawal, with other people's eyes on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .client import Failed, new_key, wait_for

if TYPE_CHECKING:
    from .story import Story

IBAN = "DE89370400440532013000"


def euros(amount: str) -> dict[str, str]:
    """An amount as the API has it."""
    return {"amount": amount, "currency": "EUR"}


def play(story: Story) -> None:
    """Tess pays in by bank transfer, sends some to the owner, and has the rest paid out."""
    owner, tess = story.owner, story.trader
    account = owner.post(
        "/api/v1/payments/gateways/",
        {
            "provider": "manual", "name": "Bank transfer", "currencies": ["EUR"], "is_simulated": True,
            "values": {"account_holder": "The club", "iban": IBAN},
        },
    )  # fmt: skip
    owner.post(f"/api/v1/payments/gateways/{account['id']}/check/")
    owner.post(f"/api/v1/payments/gateways/{account['id']}/switch/", {"is_enabled": True})
    (way,) = tess.get("/api/v1/wallet/deposits/ways/", currency="EUR")
    key, body = new_key(), {"configuration": way["configuration"], "money": euros("50.00")}
    first, again = (tess.post("/api/v1/wallet/deposits/", body, key=key) for _twice in range(2))
    if first["id"] != again["id"]:
        raise Failed("the same deposit was begun twice")
    confirm(owner, "payment", first["payment"])
    expect(tess, "50.00", "0.00")
    story.say(
        f"Tess paid in 50 EUR by {way['name']} (simulated, {first['action']['details']['reference']}): "
        "credited once, when the owner had seen the transfer"
    )
    tess.post(
        "/api/v1/wallet/transfers/",
        {"recipient": story.owner_email, "money": euros("10.00"), "note": "Lunch"},
    )
    refused = tess.request(
        "POST",
        "/api/v1/wallet/transfers/",
        {"recipient": story.owner_email, "money": euros("40.01")},
        expect=422,
    )
    story.say(f"she sent the owner 10 EUR; 40.01 more were refused: {refused['message']}")
    withdraw(story, owner, tess)


def withdraw(story: Story, owner: Any, tess: Any) -> None:
    """Held, approved by somebody else, paid, and in the history."""
    place = {"kind": "iban", "address": IBAN[:-1] + "1", "holder": "Tess"}
    wrong = tess.request("POST", "/api/v1/wallet/destinations/", place, expect=400)
    owner.request("PATCH", "/api/v1/settings/wallet.cool_down/", {"value": 0})
    made = tess.post("/api/v1/wallet/destinations/", place | {"address": IBAN})
    asked = tess.post("/api/v1/wallet/withdrawals/", {"destination": made["id"], "money": euros("30.00")})
    expect(tess, "10.00", "30.00")
    path = f"/api/v1/wallet/withdrawals/{asked['id']}/"
    tess.request("POST", f"{path}approve/", {}, expect=403)
    owner.post(f"{path}approve/")

    def waiting() -> str:
        rows = owner.get("/api/v1/payments/transfers/")
        return next((row["id"] for row in rows if row["kind"] == "payout"), "")

    confirm(owner, "payout", wait_for("the payout", waiting))
    state = tess.get(path)["state"]
    expect(tess, "10.00", "0.00")
    lines = tess.get("/api/v1/wallet/transactions/")["results"]
    story.say(
        f"a mistyped IBAN was refused ({wrong['details']['address'][0]}); 30 EUR to the right one: {state}"
    )
    story.say("her history: " + "; ".join(f"{line['kind']} {line['money']['amount']}" for line in lines))


def confirm(owner: Any, kind: str, number: str) -> None:
    """The owner has seen a transfer in the bank."""
    owner.post(f"/api/v1/payments/transfers/{kind}/{number}/confirm/", {"happened": True})


def expect(tess: Any, available: str, held: str) -> None:
    """Raises Failed where the wallet has something else."""
    (purse,) = tess.get("/api/v1/wallet/accounts/", currency="EUR")["results"]
    if (purse["available"], purse["held"]) != (euros(available), euros(held)):
        raise Failed(f"the wallet has {purse}, not {available} and {held}")
