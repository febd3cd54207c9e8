"""Three languages: chosen by the browser, by the menu, by the person (S2-11)."""

from __future__ import annotations

from collections.abc import Callable

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from shared_apps.tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.req("S2-11")]

LOG_IN = {"en": "Log in", "fr": "Se connecter", "ru": "Войти"}


@pytest.mark.parametrize("language", ["en", "fr", "ru"])
def test_pages_and_errors_speak_the_browsers_language(
    client_of: Callable[..., Client], acme: Tenant, language: str
) -> None:
    client = client_of("acme")
    page = client.get("/login/", headers={"accept-language": f"{language},en;q=0.5"})
    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}"' in page.content.decode() and LOG_IN[language] in page.content.decode()
    answer = client.get("/api/v1/todos/", headers={"accept-language": language})
    with translation.override(language):
        assert answer.json()["message"] == translation.gettext("Sign in first.")


def test_the_menus_choice_is_kept_and_leads_back(client_of: Callable[..., Client], acme: Tenant) -> None:
    client = client_of("acme")
    done = client.post("/language/", {"language": "ru", "next": "/login/?next=/bots/"})
    assert (done.status_code, done.headers["Location"]) == (302, "/login/?next=/bots/")
    assert done.cookies[settings.LANGUAGE_COOKIE_NAME]["httponly"]
    assert LOG_IN["ru"] in client.get("/login/", headers={"accept-language": "fr"}).content.decode()


def test_it_leads_nowhere_else_and_knows_no_other_language(
    client_of: Callable[..., Client], acme: Tenant
) -> None:
    client = client_of("acme")
    done = client.post("/language/", {"language": "fr", "next": "https://evil.example.com/"})
    assert done.headers["Location"] == "/"
    assert client.post("/language/", {"language": "xx", "next": "/"}).status_code == 400
    assert client.get("/language/").status_code == 405


@pytest.mark.parametrize(("number", "russian", "french"), [(1, 0, 0), (2, 1, 1), (5, 2, 1), (21, 0, 1)])
def test_plurals_follow_the_language(number: int, russian: int, french: int) -> None:
    """With a text of our own that has forms."""
    for language, form in (("ru", russian), ("fr", french)):
        catalogue = polib.pofile(str(settings.BASE_DIR / "locale" / language / "LC_MESSAGES" / "django.po"))
        entry = next(entry for entry in catalogue if entry.msgid_plural)
        with translation.override(language):
            said = translation.ngettext(entry.msgid, entry.msgid_plural, number)
        assert said == entry.msgstr_plural[form]
