"""A trading account shared with another member: seen by them, by nobody else, and not for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Capability, Member, UserObjectGrant
from tenant_apps.trading_accounts.models import TradingAccount
from tests.support.api import Api
from tests.support.pages import visitor

ACCOUNTS = "trading/accounts/"
pytestmark = pytest.mark.req("F31")


@pytest.fixture
def account(acme: Tenant) -> str:
    """The trader's account, made over the API."""
    made = Api("acme", "trader@acme.example.com").post(
        ACCOUNTS, {"venue": "paper", "name": "Shared", "currency": "EUR"}
    )
    return str(made.json()["id"])


@pytest.fixture
def buyer(acme: Tenant) -> str:
    """The buyer, who trades too."""
    with tenant_context(acme), transaction.atomic():
        Member.objects.filter(email="buyer@acme.example.com").update(capabilities=["buyer", "trader"])
    return "buyer@acme.example.com"


def test_shared_listed_and_taken_back(acme: Tenant, account: str, buyer: str) -> None:
    owner, friend = Api("acme", "trader@acme.example.com"), Api("acme", buyer)
    shares = f"{ACCOUNTS}{account}/shares/"
    assert friend.get(f"{ACCOUNTS}{account}/").status_code == 404
    given = owner.post(shares, {"email": buyer})
    assert given.status_code == 201, given.content
    assert owner.post(shares, {"email": buyer.upper()}).status_code == 201
    assert [row["email"] for row in owner.get(shares).json()] == [buyer]
    assert [row["name"] for row in friend.get(ACCOUNTS).json()["results"]] == ["Shared"]
    # Read, and nothing else.
    assert friend.post(f"{ACCOUNTS}{account}/connect/").status_code == 403
    assert friend.get(shares).status_code == 403
    assert friend.post(shares, {"email": "seller@acme.example.com"}).status_code == 403
    order = {"trading_account": account, "symbol": "X", "side": "buy", "quantity": "1"}
    assert friend.post("trading/orders/", order).status_code in (400, 403)
    removed = owner.delete(f"{shares}{given.json()['member']}/")
    assert removed.status_code == 204
    assert friend.get(f"{ACCOUNTS}{account}/").status_code == 404
    assert owner.delete(f"{shares}{given.json()['member']}/").status_code == 404


def test_who_can_see_it_and_why(acme: Tenant, account: str, buyer: str) -> None:
    owner = Api("acme", "trader@acme.example.com")
    owner.post(f"{ACCOUNTS}{account}/shares/", {"email": buyer})
    found = {row["name"]: row["why"] for row in owner.get(f"{ACCOUNTS}{account}/reach/").json()}
    assert found == {
        "Tariq Trader": "own",
        "Bea Buyer": "shared",
        "Olivia Owner": "owner",
        "Stefan Staff": "tenant_admin",
        "Aude Auditor": "tenant_auditor",
    }
    with tenant_context(acme), transaction.atomic():
        Member.objects.filter(email=buyer).update(capabilities=["buyer"])
    found = {row["name"] for row in owner.get(f"{ACCOUNTS}{account}/reach/").json()}
    assert "Bea Buyer" not in found, "a share opens nothing to whom such objects are closed"


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("nobody@example.org", "share.no_such_member"),
        ("trader@globex.example.com", "share.no_such_member"),
        ("trader@acme.example.com", "share.owner"),
        ("seller@acme.example.com", "share.not_for_them"),
    ],
)
def test_with_whom_it_cannot_be_shared(acme: Tenant, account: str, email: str, code: str) -> None:
    door = Api("acme", "trader@acme.example.com")
    refused = door.post(f"{ACCOUNTS}{account}/shares/", {"email": email})
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert list(refused.json()["details"]) == ["email"]
    with tenant_context(acme):
        assert UserObjectGrant.objects.count() == 1, "the maker's own"


@pytest.mark.req("F32")
def test_who_makes_it_is_granted_it(acme: Tenant, account: str, person: Callable[[str], User]) -> None:
    with tenant_context(acme):
        grant = UserObjectGrant.objects.get()
        assert (grant.user_id, grant.object_pk) == (person("trader@acme").pk, account)
    owner = Api("acme", "trader@acme.example.com")
    assert owner.get(f"{ACCOUNTS}{account}/shares/").json() == []
    with tenant_context(acme):
        mine = Member.objects.get(email="trader@acme.example.com").pk
    assert owner.delete(f"{ACCOUNTS}{account}/shares/{mine}/").status_code == 404


def test_the_page_shares_and_takes_back(acme: Tenant, account: str, buyer: str) -> None:
    owner, friend = visitor("acme", "trader"), visitor("acme", "buyer")
    address = f"/accounts/{account}/sharing/"
    assert friend.get(address).status_code == 404
    assert b"no such" not in owner.get(address).content
    wrong = owner.post(address, {"email": "nobody@example.org"})
    assert wrong.status_code == 400 and b"No member here has this address" in wrong.content
    assert owner.post(address, {"email": buyer}).status_code == 302
    assert b"It is shared with them" in owner.get(address).content
    shown = friend.get(f"/accounts/{account}/")
    assert shown.status_code == 200 and b"sharing/" not in shown.content
    assert friend.get(address).status_code == 403
    with tenant_context(acme):
        member = Member.objects.get(email=buyer).pk
    owner.post(f"{address}{member}/remove/")
    assert friend.get(f"/accounts/{account}/").status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_a_list_costs_at_most_three_statements_more(
    acme: Tenant, buyer: str, number: int, person: Callable[[str], User]
) -> None:
    """Permissions cost no statement of their own: they are a part of the list's."""
    friend = Api("acme", buyer)
    with tenant_context(acme), transaction.atomic():
        owner = Member.objects.get(email="trader@acme.example.com")
        for index in range(number):
            TradingAccount.objects.create(
                member=owner, venue="paper", name=f"A{index}", mode="netting", currency="EUR"
            )
    for row in _ids(acme):
        Api("acme", "trader@acme.example.com").post(f"{ACCOUNTS}{row}/shares/", {"email": buyer})
    friend.get(ACCOUNTS)
    with CaptureQueriesContext(connection) as captured:
        assert friend.get(ACCOUNTS).json()["count"] == number
    statements = [each["sql"] for each in captured.captured_queries if each["sql"].startswith("SELECT")]
    assert len(statements) <= 3 + 3, statements


def _ids(acme: Tenant) -> list[Any]:
    with tenant_context(acme):
        return list(TradingAccount.objects.values_list("pk", flat=True))


def test_every_capability_is_known_to_the_page() -> None:
    assert {"own", "shared", "member"}.isdisjoint(Capability.values)
