"""Addresses and businesses: each member's own, with what a country's codes and numbers look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members import postal
from tenant_apps.members.models import Address, Member, ProfessionalInfo
from tests.support.api import Api
from tests.support.pages import visitor

pytestmark = pytest.mark.req("S3-35", "S3-52")
PARIS = {
    "recipient": "Tariq Trader", "line1": "12 rue de la Paix", "postal_code": "75002", "city": "Paris",
    "country": "FR",
}  # fmt: skip
ADDRESSES, BUSINESS = "/api/v1/addresses/", "/api/v1/professional-info/"
SHOP = {
    "legal_name": "Cartes SARL",
    "registration_number": "732 829 320 00074",
    "vat_number": "fr 44732829320",
    "country": "FR",
}


@pytest.fixture
def ask(acme: Tenant) -> Callable[..., Any]:
    """``ask("trader", "POST", path, body)``: one request of somebody's at acme."""
    doors: dict[str, Api] = {}

    def send(who: str, method: str, path: str, body: Any = None) -> Any:
        if who not in doors:
            doors[who] = Api("acme", f"{who}@acme.example.com")
        return doors[who].request(method, path, body)

    return send


def test_the_first_address_is_the_default_and_a_new_default_takes_its_place(acme: Tenant, ask: Any) -> None:
    first = ask("trader", "POST", ADDRESSES, PARIS)
    assert first.status_code == 201, first.content
    assert (first.json()["is_default_shipping"], first.json()["is_default_billing"]) == (True, True)
    second = ask(
        "trader",
        "POST",
        ADDRESSES,
        {**PARIS, "city": "Lyon", "postal_code": "69001", "is_default_billing": True},
    ).json()
    rows = {row["city"]: row for row in ask("trader", "GET", ADDRESSES).json()["results"]}
    assert (rows["Paris"]["is_default_billing"], rows["Lyon"]["is_default_billing"]) == (False, True)
    assert (rows["Paris"]["is_default_shipping"], rows["Lyon"]["is_default_shipping"]) == (True, False)
    changed = ask("trader", "PATCH", f"{ADDRESSES}{second['id']}/", {"label": "Office"})
    assert changed.json()["label"] == "Office" and changed.json()["city"] == "Lyon"
    assert ask("trader", "DELETE", f"{ADDRESSES}{second['id']}/").status_code == 204
    assert ask("trader", "GET", ADDRESSES).json()["count"] == 1


@pytest.mark.parametrize("who", ["owner", "staff", "auditor", "seller"])
def test_nobody_reaches_anothers_address(acme: Tenant, ask: Any, who: str) -> None:
    mine = ask("trader", "POST", ADDRESSES, PARIS).json()["id"]
    for method in ("GET", "PATCH", "DELETE"):
        assert ask(who, method, f"{ADDRESSES}{mine}/", {"label": "x"}).status_code == 404
    assert ask(who, "GET", ADDRESSES).json()["count"] == 0
    with tenant_context(acme):
        assert Address.objects.get().label == ""


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country": "XX"}, "country"), ({"country": ""}, "country"), ({"postal_code": "7500"}, "postal_code"),
        ({"postal_code": ""}, "postal_code"), ({"country": "RU"}, "postal_code"), ({"line1": ""}, "line1"),
        ({"recipient": "x" * 201}, "recipient"), ({"phone_number": "call me"}, "phone_number"),
        ({"city": "a\x00"}, "city"),
    ],
)  # fmt: skip
def test_bad_addresses_name_their_field_and_write_nothing(
    acme: Tenant, ask: Any, change: dict[str, str], field: str
) -> None:
    answer = ask("trader", "POST", ADDRESSES, {**PARIS, **change})
    assert answer.status_code == 400 and list(answer.json()["details"]) == [field]
    page = visitor("acme", "trader").post("/account/addresses/", {**PARIS, **change})
    assert page.status_code == 400 and list(page.context["form"].errors) == [field]
    with tenant_context(acme):
        assert not Address.objects.exists()


def test_twenty_are_enough(acme: Tenant, ask: Any) -> None:
    with tenant_context(acme):
        member = Member.objects.get(email="trader@acme.example.com")
        Address.objects.bulk_create([Address(member=member, **PARIS) for _ in range(20)])
    answer = ask("trader", "POST", ADDRESSES, PARIS)
    assert (answer.status_code, answer.json()["code"]) == (409, "address.too_many")


@pytest.mark.req("S3-34", "S3-36", "S3-53", "S3-73")
def test_a_professional_writes_a_business_down(acme: Tenant, ask: Any) -> None:
    assert ask("trader", "GET", BUSINESS).status_code == 404
    refused = ask("trader", "PUT", BUSINESS, SHOP)
    assert (refused.status_code, refused.json()["code"]) == (409, "business.individual")
    with platform_context():
        User.objects.filter(email="trader@acme.example.com").update(account_type="professionnel")
    kept = ask("trader", "PUT", BUSINESS, SHOP)
    assert kept.status_code == 200 and kept.json()["vat_number"] == "FR44732829320"
    assert (
        ask("trader", "PUT", BUSINESS, {**SHOP, "legal_name": "Cartes SA"}).json()["legal_name"]
        == "Cartes SA"
    )
    with tenant_context(acme):
        assert ProfessionalInfo.objects.count() == 1
    assert ask("seller", "GET", BUSINESS).status_code == 404
    assert ask("trader", "DELETE", BUSINESS).status_code == 204


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"registration_number": "73282932000075"}, "registration_number"), ({"vat_number": "12"}, "vat_number"),
        ({"country": "ZZ"}, "country"), ({"legal_name": ""}, "legal_name"),
    ],
)  # fmt: skip
def test_bad_numbers_name_their_field(acme: Tenant, ask: Any, change: dict[str, str], field: str) -> None:
    with platform_context():
        User.objects.filter(email="trader@acme.example.com").update(account_type="professionnel")
    answer = ask("trader", "PUT", BUSINESS, {**SHOP, **change})
    assert answer.status_code == 400 and list(answer.json()["details"]) == [field]
    page = visitor("acme", "trader").post("/account/business/", {**SHOP, **change})
    assert page.status_code == 400 and list(page.context["form"].errors) == [field]
    with tenant_context(acme):
        assert not ProfessionalInfo.objects.exists()


def test_the_pages_keep_change_and_forget(acme: Tenant) -> None:
    client = visitor("acme", "trader")
    assert client.post("/account/addresses/", PARIS).status_code == 302
    page = client.get("/account/addresses/")
    assert "12 rue de la Paix" in page.content.decode() and "France" in page.content.decode()
    with tenant_context(acme):
        address = Address.objects.get()
    edit = f"/account/addresses/{address.pk}/"
    assert client.get(edit).context["form"]["city"].value() == "Paris"
    assert client.post(edit, {**PARIS, "label": "Home"}).status_code == 302
    assert visitor("acme", "owner").get(edit).status_code == 404
    assert client.post(f"{edit}remove/").status_code == 302
    assert "You act as an individual" in client.get("/account/business/").content.decode()
    client.post("/account/", {"account_type": "professionnel", "theme": "system"})
    assert client.post("/account/business/", SHOP).status_code == 302
    assert client.post("/account/business/", {"remove": "1"}).status_code == 302
    with tenant_context(acme):
        assert not Address.objects.exists() and not ProfessionalInfo.objects.exists()


@pytest.mark.req("C29")
def test_an_erased_member_lived_nowhere(acme: Tenant, ask: Any) -> None:
    ask("trader", "POST", ADDRESSES, PARIS)
    ask("trader", "POST", "/api/v1/auth/user/erase/", {"email": "trader@acme.example.com"})
    with tenant_context(acme):
        assert not Address.objects.exists()


@pytest.mark.parametrize(
    ("country", "code", "holds"),
    [
        ("FR", "75002", True), ("FR", "7500", False), ("GB", "SW1A 1AA", True), ("US", "10001-1234", True),
        ("RU", "101000", True), ("RU", "10100", False), ("IE", "", True), ("DE", "", False), ("JP", "100-0001", True),
    ],
)  # fmt: skip
def test_postal_codes(country: str, code: str, holds: bool) -> None:
    assert postal.postal_code_holds(country, code) is holds


@given(st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_of_a_siret_is_noticed(place: int, by: int) -> None:
    digits = "73282932000074"
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    assert postal.registration_number_holds("FR", digits)
    assert not postal.registration_number_holds("FR", wrong)
