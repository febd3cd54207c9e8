"""One's own account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared_apps.core.events import subscribe
from shared_apps.tenants.models import Tenant
from shared_apps.users import mails
from shared_apps.users.events import ProfileChanged
from shared_apps.users.middleware import _languages
from shared_apps.users.models import OneTimeCode, User
from shared_apps.users.services.letters import write_letter
from tests.support.pages import visitor
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
Person = Callable[[str], User]

OWN = {
    "first_name": "Tara", "last_name": "Trade", "phone_number": "+49 30 1", "bio": "I trade.",
    "url": "https://tara.example.com/", "company": "Tara GmbH", "location": "Berlin",
    "birth_date": "1990-02-03",
}  # fmt: skip


@pytest.mark.req("F37", "S4-21", "S4-22", "S4-23", "S4-24", "S4-25", "S4-26", "S3-27")
@pytest.mark.parametrize("slug", ["acme", None])
def test_all_fields_are_read_and_the_own_ones_written(acme: Tenant, api: MakeApi, slug: str | None) -> None:
    door = api(slug)
    door.log_in("trader@acme.example.com")
    before = door.get("auth/user/").json()
    answer = door.patch("auth/user/", OWN)
    assert answer.status_code == 200
    assert answer.json() == {**before, **OWN} == door.get("auth/user/").json()


@pytest.mark.req("S4-32", "S3-117")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 1), ("role", "superadmin"), ("tenant", None), ("tenant_name", "Mine"), ("is_active", False),
        ("is_staff", True), ("is_superuser", True), ("username", "other"), ("email", "other@example.com"),
        ("password", "x"), ("date_joined", "2001-01-01T00:00:00Z"), ("last_login", None),
        ("password_updated", None), ("memberships", []), ("capabilities", ["owner"]),
    ],
)  # fmt: skip
def test_what_is_not_ones_own_to_change_is_never_applied(
    acme: Tenant, api: MakeApi, person: Person, field: str, value: Any
) -> None:
    door = api("acme", "trader")
    before = User.objects.filter(email="trader@acme.example.com").values().get()
    answer = door.patch("auth/user/", {field: value})
    assert answer.status_code in (200, 400)
    assert User.objects.filter(email="trader@acme.example.com").values().get() == before


@pytest.mark.req("S3-115")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "javascript:alert(1)"), ("url", "nothing"), ("birth_date", "1990-13-01"),
        ("phone_number", "1" * 21), ("company", "x" * 101), ("location", "x" * 101), ("bio", "a\x00b"),
        ("first_name", {"a": 1}), ("first_name", "x" * 151),
    ],
)  # fmt: skip
def test_bad_values_name_their_field(acme: Tenant, api: MakeApi, field: str, value: Any) -> None:
    door = api("acme", "trader")
    before = door.get("auth/user/").json()
    answer = door.patch("auth/user/", {field: value})
    assert answer.status_code == 400 and list(answer.json()["details"]) == [field]
    assert door.get("auth/user/").json() == before


def test_a_new_name_is_told(acme: Tenant, api: MakeApi, person: Person) -> None:
    heard: list[ProfileChanged] = []
    subscribe(ProfileChanged, heard.append)
    door = api("acme", "trader")
    door.patch("auth/user/", {"bio": "quiet"})
    assert heard == []
    door.patch("auth/user/", {"first_name": "Tara"})
    assert [(event.user_id, event.display_name) for event in heard] == [
        (person("trader@acme").pk, "Tara Trader")
    ]


@pytest.mark.req("S4-68")
@pytest.mark.parametrize("slug", ["acme", None])
def test_without_a_token_it_is_401(acme: Tenant, api: MakeApi, slug: str | None) -> None:
    door = api(slug)
    for answer in (door.get("auth/user/"), door.patch("auth/user/", {"bio": "x"})):
        assert answer.status_code == 401
        assert answer.json()["error"] is True and answer["WWW-Authenticate"].startswith("Bearer")


PREFERENCES = {
    "account_type": "professionnel", "language": "en", "time_zone": "Europe/Paris", "theme": "dark",
}  # fmt: skip


@pytest.mark.req("S3-33", "S3-34", "S2-12", "S2-49", "C23")
def test_account_type_and_preferences_are_ones_own(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    before = door.get("auth/user/").json()
    assert (before["account_type"], before["theme"]) == ("particulier", "system")
    answer = door.patch("auth/user/", PREFERENCES)
    assert answer.status_code == 200
    assert answer.json() == {**before, **PREFERENCES} == door.get("auth/user/").json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_type", "individual"), ("language", "xx"), ("time_zone", "Mars/Olympus"), ("theme", "pink"),
        ("time_zone", "../../etc/passwd"), ("phone_number", "call me"), ("birth_date", "1850-01-01"),
        ("birth_date", "2999-01-01"), ("url", "javascript:alert(1)"), ("company", "a\nb"),
    ],
)  # fmt: skip
def test_bad_values_name_their_field_in_api_and_page(
    acme: Tenant, api: MakeApi, person: Person, field: str, value: str
) -> None:
    answer = api("acme", "trader").patch("auth/user/", {field: value})
    assert answer.status_code == 400 and list(answer.json()["details"]) == [field]
    form = {"account_type": "particulier", "theme": "system", field: value}
    page = visitor("acme", "trader").post("/account/", form)
    assert page.status_code == 400 and list(page.context["form"].errors) == [field]
    assert getattr(person("trader@acme"), field) in ("", None, "particulier", "system")


@pytest.mark.req("S2-12")
def test_the_page_shows_and_saves_everything(acme: Tenant, person: Person) -> None:
    client = visitor("acme", "trader")
    assert client.get("/account/").status_code == 200
    done = client.post("/account/", {**OWN, **PREFERENCES})
    assert done.status_code == 302 and done.cookies["theme"].value == "dark"
    user = person("trader@acme")
    assert {name: str(getattr(user, name)) for name in (*OWN, *PREFERENCES)} == {**OWN, **PREFERENCES}
    page = client.get("/account/")
    assert page.context["form"]["time_zone"].value() == "Europe/Paris"
    assert b'data-theme="dark"' in page.content


@pytest.mark.req("S2-12")
def test_pages_use_the_persons_zone_and_theme_and_the_api_utc(
    acme: Tenant, api: MakeApi, person: Person
) -> None:
    door = api("acme", "trader")
    door.patch("auth/user/", {"time_zone": "Asia/Tokyo", "theme": "dark"})
    client = visitor("acme", "trader")
    page = client.get("/account/password/").content.decode()
    changed = person("trader@acme").password_updated
    assert changed is not None
    assert f"{changed.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}" in page
    assert 'data-theme="dark"' in page
    assert door.get("auth/user/").json()["date_joined"].endswith("Z")


@pytest.fixture
def two_languages(settings: Any) -> Iterator[None]:
    settings.LANGUAGES = [("en", "English"), ("fr", "Français")]
    _languages.cache_clear()
    yield
    _languages.cache_clear()


@pytest.mark.req("S2-11", "S2-12")
def test_pages_and_letters_speak_the_persons_language(
    acme: Tenant, api: MakeApi, person: Person, two_languages: None
) -> None:
    assert api("acme", "trader").patch("auth/user/", {"language": "fr"}).status_code == 200
    page = visitor("acme", "trader").get("/account/", headers={"accept-language": "en"})
    assert b'<html lang="fr"' in page.content and page["Content-Language"] == "fr"
    other = visitor("acme", "seller").get("/account/", headers={"accept-language": "en"})
    assert b'<html lang="en"' in other.content
    place = mails.Place("http://acme.localhost", acme.schema_name, acme.name)
    assert mails.language_for(person("trader@acme"), "en", place) == "fr"
    assert mails.language_for(person("seller@acme"), "fr", place) == "fr"
    assert mails.language_for(None, "xx", place) == "en"


@pytest.mark.req("S2-11")
def test_a_letter_remembers_the_language_of_the_page_that_asked(
    acme: Tenant, api: MakeApi, two_languages: None
) -> None:
    body = {"email": "nina@new.example.com", "password": "quite-good-Passw0rd"}
    api("acme").post("auth/registration/", body, **{"accept-language": "fr"})
    letter = write_letter(OneTimeCode.objects.get().pk, acme.schema_name)
    assert letter is not None and letter.language == "fr"
