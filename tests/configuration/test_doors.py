"""Settings over the API and on the owner's pages."""

from __future__ import annotations

import pytest

from shared_apps.configuration.models import OptionChange, OptionValue
from shared_apps.configuration.web import shown_duration
from shared_apps.tenants.models import Tenant
from tests.support.api import Api, error_of
from tests.support.pages import visitor

NAME = "users.self_registration"
PATH = f"settings/{NAME}/"


def api(who: str = "owner", slug: str = "acme") -> Api:
    return Api(slug, f"{who}@{slug}.example.com")


@pytest.mark.req("S2-8")
def test_settings_are_listed_searched_and_bounded(acme: Tenant) -> None:
    found = (
        api()
        .get(
            "settings/",
        )
        .json()
    )
    assert found["count"] == len(found["results"]) or found["next"]
    by_name = {each["name"]: each for each in api().get("settings/?search=access token").json()["results"]}
    assert set(by_name) == {"users.access_token_lifetime"}
    setting = by_name["users.access_token_lifetime"]
    assert (setting["value"], setting["unit"], setting["minimum"], setting["maximum"]) == (
        3600,
        "s",
        60,
        86400,
    )
    assert (setting["origin"], setting["kind"], setting["may_change"]) == ("default", "duration", True)
    assert api().get("settings/?search=zzz").json()["count"] == 0
    assert api("auditor").get(PATH).json()["may_change"] is False


@pytest.mark.req("S2-8")
def test_a_setting_is_changed_shown_and_put_back(acme: Tenant) -> None:
    owner = api()
    changed = owner.patch(PATH, {"value": False, "reason": "by invitation"}).json()
    assert (changed["value"], changed["inherited"], changed["origin"]) == (False, True, "tenant")
    assert changed["changed_by"] and changed["changed_at"]
    assert api(slug="globex").get(PATH).json()["value"] is True
    (line,) = owner.get(f"{PATH}history/").json()
    assert (line["before"], line["after"], line["reason"]) == (None, False, "by invitation")
    assert owner.delete(PATH).json()["origin"] == "default"
    assert not OptionValue.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"value": "perhaps"}, "value"),
        ({"value": [1]}, "value"),
        ({"value": {"a": 1}}, "value"),
        ({"value": None}, "value"),
        ({}, "value"),
        ({"value": False, "reason": "x" * 256}, "reason"),
        ({"value": False, "reason": "a\x00b"}, "reason"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_field(acme: Tenant, body: dict, field: str) -> None:
    error = error_of(api().patch(PATH, body), 400)
    assert field in error["details"]
    assert not OptionValue.objects.exists() and not OptionChange.objects.exists()


def test_what_is_not_the_organisations_is_not_there(acme: Tenant) -> None:
    for name in ("core.page_size", "core.throttle_user_per_hour", "users.nothing", "x", "a" * 300):
        error_of(api().get(f"settings/{name}/"), 404)
        error_of(api().patch(f"settings/{name}/", {"value": 5}), 404)
    assert not OptionValue.objects.exists()


def test_only_an_owner_changes_settings(acme: Tenant) -> None:
    for who, status in (("staff", 403), ("auditor", 403), ("trader", 403)):
        error_of(api(who).patch(PATH, {"value": False}), status)
    assert not OptionValue.objects.exists()


def test_the_owners_page(acme: Tenant) -> None:
    client = visitor("acme", "owner")
    page = client.get("/settings/options/?q=register by").content.decode()
    assert NAME in page and "users.access_token_lifetime" not in page
    assert "No option matches" in client.get("/settings/options/?q=zzz").content.decode()
    detail = f"/settings/options/{NAME}/"
    assert client.post(detail, {"value": "maybe"}).status_code == 400
    assert client.post(detail, {"value": "false", "reason": "<b>closed</b>"}).status_code == 302
    page = client.get(detail).content.decode()
    assert "&lt;b&gt;closed" in page and "<b>closed" not in page
    assert "Put back to On" in page
    assert client.post(f"{detail}reset/").status_code == 302
    assert "Put back" not in client.get(detail).content.decode().replace("Put back.", "")
    assert client.get("/settings/options/core.page_size/").status_code == 404


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (90, "90 seconds"),
        (600, "10 minutes"),
        (3600, "1 hour"),
        (172800, "2 days"),
    ],
)
def test_durations_read_like_words(seconds: int, text: str) -> None:
    assert shown_duration(seconds) == text


def test_others_look_or_stay_outside(acme: Tenant) -> None:
    auditor = visitor("acme", "auditor")
    page = auditor.get(f"/settings/options/{NAME}/").content.decode()
    assert "Only an owner" in page and "Save" not in page
    assert auditor.post(f"/settings/options/{NAME}/", {"value": "false"}).status_code == 403
    assert visitor("acme", "trader").get("/settings/options/").status_code == 403
    assert not OptionValue.objects.exists()
