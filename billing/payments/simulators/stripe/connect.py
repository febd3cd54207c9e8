"""Connect: sellers' accounts, their onboarding, transfers to them, and payouts to banks."""

from __future__ import annotations

import secrets

from billing.payments.simulators.http import Response, redirect
from billing.payments.simulators.pages import button, page, paragraph

from .books import SERVICE, Books, Doc, listed, merged
from .books import page as page_of
from .calls import Call, handles
from .charges import balance, entry
from .errors import invalid
from .pages import at

OWED = [
    "business_type",
    "external_account",
    "individual.first_name",
    "individual.last_name",
    "tos_acceptance.date",
]
LINK_LIFETIME = 300


@handles("accounts.create")
def create_account(books: Books, call: Call) -> Doc:
    """An Express account, by its controller's properties."""
    asked = call.params
    if "type" in asked:
        raise invalid("`type` is deprecated: say it by `controller`.", param="type")
    controller = asked.get("controller", {})
    if controller.get("stripe_dashboard", {}).get("type") != "express":
        raise invalid("The simulator has Express accounts.", param="controller[stripe_dashboard][type]")
    wanted = sorted(name for name, each in asked.get("capabilities", {}).items() if each.get("requested"))
    account: Doc = {
        "id": books.new_id("acct", 16),
        "object": "account",
        "business_profile": asked.get("business_profile"),
        "business_type": asked.get("business_type"),
        "capabilities": dict.fromkeys(wanted, "inactive"),
        "charges_enabled": False,
        "controller": {
            "type": "application",
            "is_controller": True,
            "fees": {"payer": controller.get("fees", {}).get("payer", "application")},
            "losses": {"payments": controller.get("losses", {}).get("payments", "application")},
            "requirement_collection": controller.get("requirement_collection", "stripe"),
            "stripe_dashboard": {"type": "express"},
        },
        "country": asked.get("country", "US"),
        "created": books.now,
        "default_currency": asked.get("default_currency", "usd"),
        "details_submitted": False,
        "email": asked.get("email"),
        "metadata": merged({}, asked.get("metadata")),
        "payouts_enabled": False,
        "requirements": _requirements(OWED),
    }
    owner = {"platform": books.account}
    books.world.store.put(SERVICE, "owner", account["id"], owner, account=books.account)
    return books.save(account)


def _requirements(owed: list[str]) -> Doc:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": owed,
        "disabled_reason": "requirements.past_due" if owed else None,
        "errors": [],
        "eventually_due": owed,
        "past_due": owed,
        "pending_verification": [],
    }


@handles("accounts.retrieve")
def retrieve_account(books: Books, call: Call) -> Doc:
    """One connected account."""
    return books.get("account", call.id)


@handles("accounts.retrieve_current")
def retrieve_own(books: Books, call: Call) -> Doc:
    """Who asks."""
    return {
        "id": books.account,
        "object": "account",
        "business_profile": {"name": "Simulated Stripe account"},
        "business_type": "company",
        "charges_enabled": True,
        "country": "US",
        "created": books.now,
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
    }


@handles("accounts.update")
def update_account(books: Books, call: Call) -> Doc:
    """Its metadata and address."""
    account = books.get("account", call.id)
    account["metadata"] = merged(account["metadata"], call.params.get("metadata"))
    for name in ("email", "business_profile"):
        if name in call.params:
            account[name] = call.params[name]
    return _tell(books, account)


@handles("accounts.delete")
def delete_account(books: Books, call: Call) -> Doc:
    """Empty accounts only."""
    account = books.get("account", call.id)
    if sum(balance(books.at(call.id), account["default_currency"])):
        raise invalid("The account still has a balance.", code="balance_invalid_parameter")
    books.drop(account)
    books.world.store.drop(SERVICE, "owner", call.id)
    return {"id": call.id, "object": "account", "deleted": True}


@handles("accounts.list")
def list_accounts(books: Books, call: Call) -> Doc:
    """Newest first."""
    return page_of("/v1/accounts", books.all("account"), call.params)


@handles("accounts.login_links.create")
def create_login_link(books: Books, call: Call) -> Doc:
    """Into the Express dashboard."""
    account = books.get("account", call.id)
    if not account["details_submitted"]:
        raise invalid("Cannot create a login link for an account that has not completed onboarding.")
    url = f"{books.base}/express/{books.account}/{account['id']}"
    return {"object": "login_link", "created": books.now, "url": url}


@handles("account_links.create")
def create_account_link(books: Books, call: Call) -> Doc:
    """One visit to the onboarding pages."""
    account = books.get("account", call.params["account"], "account")
    if call.params["type"] not in ("account_onboarding", "account_update"):
        raise invalid("Invalid type.", param="type")
    for name in ("collection_options", "collect"):
        call.params.get(name)
    ticket = {
        "id": f"link_{secrets.token_hex(12)}",
        "object": "_account_link",
        "account": account["id"],
        "refresh_url": call.params.get("refresh_url"),
        "return_url": call.params.get("return_url"),
        "expires_at": books.now + LINK_LIFETIME,
    }
    books.save(ticket)
    return {
        "object": "account_link",
        "created": books.now,
        "expires_at": ticket["expires_at"],
        "url": f"{books.base}/onboarding/{books.account}/{ticket['id']}",
    }


@at("/onboarding")
def onboarding_page(books: Books, key: str, form: dict[str, str] | None) -> Response:
    """A seller tells who they are; a link works once."""
    ticket = books.get("_account_link", key)
    if ticket["expires_at"] < books.now or ticket.get("used"):
        return redirect(ticket["refresh_url"])
    account = books.get("account", ticket["account"])
    if form is not None:
        books.save({**ticket, "used": True})
        if form.get("verdict") == "submit":
            finish_onboarding(books, account)
        return redirect(ticket["return_url"])
    here = f"{books.base}/onboarding/{books.account}/{key}"
    return page(
        "Stripe Express",
        [("Account", account["id"]), ("E-mail", account["email"] or "–")],
        paragraph("Stripe asks sellers for their name, bank account and agreement here."),
        button("Submit everything", here, main=True, verdict="submit"),
        button("Later", here, verdict="later"),
    )


def finish_onboarding(books: Books, account: Doc) -> None:
    """Everything was told and found right."""
    account.update(details_submitted=True, charges_enabled=True, payouts_enabled=True)
    account["capabilities"] = dict.fromkeys(account["capabilities"], "active")
    account["requirements"] = _requirements([])
    _tell(books, account)


def _tell(books: Books, account: Doc) -> Doc:
    books.save(account)
    books.at(account["id"]).tell("account.updated", account)
    return account


@at("/express")
def express_page(books: Books, key: str, form: dict[str, str] | None) -> Response:
    """The seller's dashboard."""
    account = books.get("account", key)
    ready, pending = balance(books.at(key), account["default_currency"])
    return page("Stripe Express", [("Account", key), ("Available", str(ready)), ("On its way", str(pending))])


# ------------------------------------------------------------ transfers


@handles("transfers.create")
def create_transfer(books: Books, call: Call) -> Doc:
    """From the platform's balance, or out of a charge as soon as that one is available."""
    asked = call.params
    seller = books.get("account", asked["destination"], "destination")
    if seller["capabilities"].get("transfers") != "active":
        raise invalid(
            "Your destination account needs to have at least one of the following capabilities enabled: "
            "transfers",
            code="insufficient_capabilities_for_transfer",
        )
    amount, currency, available = asked["amount"], asked["currency"].lower(), books.now
    group = asked.get("transfer_group")
    if amount <= 0:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if asked.get("source_transaction"):
        made = books.get("charge", asked["source_transaction"], "source_transaction")
        others = books.all("transfer", source_transaction=made["id"])
        sent = sum(each["amount"] - each["amount_reversed"] for each in others)
        if made["currency"] != currency or sent + amount > made["amount_captured"]:
            raise invalid(
                "The transfers' sum is greater than the amount of the source charge.", param="amount"
            )
        line = books.get("balance_transaction", made["balance_transaction"])
        available = max(books.now, line["available_on"])
        group = group or made["transfer_group"] or f"group_{made['payment_intent']}"
    elif balance(books, currency)[0] < amount:
        raise invalid(
            "You have insufficient available funds in your Stripe account.", code="balance_insufficient"
        )
    transfer: Doc = {
        "id": books.new_id("tr"),
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": books.now,
        "currency": currency,
        "description": asked.get("description"),
        "destination": seller["id"],
        "destination_payment": None,
        "livemode": False,
        "metadata": merged({}, asked.get("metadata")),
        "reversals": None,
        "reversed": False,
        "source_transaction": asked.get("source_transaction"),
        "source_type": "card",
        "transfer_group": group,
    }
    transfer["reversals"] = listed(f"/v1/transfers/{transfer['id']}/reversals", [])
    out = entry(books, "transfer", -amount, currency, transfer["id"], available_on=available)
    transfer["balance_transaction"] = out["id"]
    there = books.at(seller["id"])
    received = there.new_id("py")
    entry(there, "payment", amount, currency, received, available_on=available, category="charge")
    transfer["destination_payment"] = received
    return books.save(transfer, "transfer.created")


@handles("transfers.retrieve")
def retrieve_transfer(books: Books, call: Call) -> Doc:
    """One transfer."""
    return books.get("transfer", call.id)


@handles("transfers.list")
def list_transfers(books: Books, call: Call) -> Doc:
    """Newest first."""
    names = ("destination", "transfer_group")
    wanted = {name: call.params[name] for name in names if name in call.params}
    return page_of("/v1/transfers", books.all("transfer", **wanted), call.params)


@handles("transfers.reversals.create")
def create_reversal(books: Books, call: Call) -> Doc:
    """Money back from the seller; the seller's balance may go negative."""
    transfer = books.get("transfer", call.id)
    left: int = transfer["amount"] - transfer["amount_reversed"]
    asked: int | None = call.params.get("amount")
    amount = left if asked is None else asked
    call.params.get("refund_application_fee")
    if not 0 < amount <= left:
        raise invalid(
            f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})",
            param="amount",
        )
    reversal: Doc = {
        "id": books.new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": books.now,
        "currency": transfer["currency"],
        "destination_payment_refund": None,
        "metadata": merged({}, call.params.get("metadata")),
        "source_refund": None,
        "transfer": transfer["id"],
    }
    call.params.get("description")
    back = entry(
        books, "transfer_refund", amount, transfer["currency"], reversal["id"], category="transfer_reversal"
    )
    reversal["balance_transaction"] = back["id"]
    there = books.at(transfer["destination"])
    entry(there, "payment_refund", -amount, transfer["currency"], there.new_id("pyr"), category="refund")
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    books.save(reversal)
    books.save(transfer, "transfer.reversed")
    return reversal


@handles("transfers.reversals.list")
def list_reversals(books: Books, call: Call) -> Doc:
    """Newest first."""
    transfer = books.get("transfer", call.id)
    return page_of(f"/v1/transfers/{call.id}/reversals", transfer["reversals"]["data"], call.params)
