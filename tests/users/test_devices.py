"""Devices: a push token belongs to one session; sessions are listed and ended, by API and page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.models import AuditEntry
from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Tenant
from shared_apps.users import queries
from shared_apps.users.models import Session, User
from shared_apps.users.rules import device_label
from tests.support.pages import visitor
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
Person = Callable[[str], User]
pytestmark = pytest.mark.req("S2-48", "S2-57", "S2-58", "S1-5")


def test_a_session_gets_a_push_token_and_loses_it(acme: Tenant, api: MakeApi, person: Person) -> None:
    door, user = api("acme", "trader"), person("trader@acme")
    made = door.post("devices/", {"push_token": "fcm:abc", "device_name": "Tariq’s phone"})
    assert made.status_code == 201 and "fcm:abc" not in made.content.decode()
    assert (made.json()["has_push_token"], made.json()["device_label"]) == (True, "Tariq’s phone")
    assert queries.push_tokens(user.pk, acme) == ["fcm:abc"] and queries.push_tokens(user.pk, None) == []
    (listed,) = door.get("devices/").json()["results"]
    assert listed["id"] == made.json()["id"] and listed["current"] is True
    assert not any("fcm:abc" in str(entry.changes) for entry in AuditEntry.objects.all())
    assert door.delete(f"devices/{listed['id']}/").status_code == 204
    assert door.get("devices/").json()["count"] == 0 and door.get("auth/user/").status_code == 200
    assert door.delete(f"devices/{listed['id']}/").status_code == 404


def test_a_token_moves_to_who_uses_the_device_now(acme: Tenant, api: MakeApi, person: Person) -> None:
    api("acme", "trader").post("devices/", {"push_token": "fcm:abc"})
    api("acme", "seller").post("devices/", {"push_token": "fcm:abc"})
    assert queries.push_tokens(person("trader@acme").pk, acme) == []
    assert queries.push_tokens(person("seller@acme").pk, acme) == ["fcm:abc"]


def test_the_end_of_a_session_takes_its_token(acme: Tenant, api: MakeApi, person: Person) -> None:
    door = api("acme", "trader")
    door.post("devices/", {"push_token": "fcm:abc"})
    door.post("auth/logout/")
    assert queries.push_tokens(person("trader@acme").pk, acme) == []
    assert Session.objects.get(user=person("trader@acme")).push_token == ""


def test_nobody_reaches_anothers_device(acme: Tenant, api: MakeApi) -> None:
    session = api("acme", "trader").post("devices/", {"push_token": "fcm:abc"}).json()["id"]
    assert api("acme", "seller").delete(f"devices/{session}/").status_code == 404
    assert Session.objects.get(pk=session).push_token == "fcm:abc"


@pytest.mark.parametrize("token", ["", "two words", "x" * 256, "é"])
def test_bad_tokens_name_the_field(acme: Tenant, api: MakeApi, token: str) -> None:
    answer = api("acme", "trader").post("devices/", {"push_token": token})
    assert answer.status_code == 400 and "push_token" in answer.json()["details"]


def test_the_page_lists_and_ends_sessions(acme: Tenant, api: MakeApi) -> None:
    first, second = api("acme", "trader"), api("acme", "trader")
    client = visitor("acme", "trader")
    page = client.get("/account/devices/")
    assert page.status_code == 200 and page.content.count(b"/end/") == 4
    rows = page.context["rows"]
    assert rows[0].pk == page.context["current"]
    assert client.post(f"/account/devices/{rows[1].pk}/end/").status_code == 302
    assert sorted(door.get("auth/user/").status_code for door in (first, second)) == [200, 401]
    assert client.post("/account/devices/end/").status_code == 302
    assert [door.get("auth/user/").status_code for door in (first, second)] == [401, 401]
    assert client.get("/account/devices/").status_code == 200
    ended = client.post(f"/account/devices/{rows[0].pk}/end/")
    assert ended["Location"] == "/login/" and client.get("/account/devices/").status_code == 302


def test_the_page_ends_nobody_elses_session(acme: Tenant, api: MakeApi) -> None:
    other = api("acme", "seller")
    with platform_context():
        session = Session.objects.get(user__email="seller@acme.example.com")
    assert visitor("acme", "trader").post(f"/account/devices/{session.pk}/end/").status_code == 404
    assert other.get("auth/user/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Safari/604", "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140.0 Safari/537 Edg/140.0", "Edge, Windows"),
        ("our-client/1.0", "our-client/1.0"),
        ("", ""),
    ],
)  # fmt: skip
def test_devices_have_names_that_people_know(agent: str, label: str) -> None:
    assert device_label(agent) == label
