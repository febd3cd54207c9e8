"""Attack table, rows 3 and 9: cookies of another host, forms of a sibling subdomain."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from shared_apps.tenants import demo
from tests.attacks.people import BOTH, PLATFORM, TRADER, A, B, log_in, me, pair
from tests.support.live import Answer, Live

pytestmark = pytest.mark.xdist_group("attacks-browsers")


class Browser:
    """Keeps cookies of one host and sends the page's CSRF token as its forms do."""

    def __init__(self, live: Live, host: str) -> None:
        self.live, self.host = live, host
        self.cookies: dict[str, str] = {}
        self.set_cookies: list[str] = []

    def send(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        sent = {"Accept": "text/html", **headers}
        if self.cookies and "Cookie" not in sent:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        answer = self.live.request(method, path, host=self.host, headers=sent, body=body)
        for line in answer.set_cookies:
            self.set_cookies.append(line)
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer

    def form_token(self, path: str = "/login/") -> str:
        page = self.send("GET", path)
        found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page.body)
        assert found is not None, page.body[:300]
        return found[1].decode()

    def log_in(self, email: str) -> Answer:
        form = {"login": email, "password": demo.PASSWORD, "csrfmiddlewaretoken": self.form_token()}
        return self.send("POST", "/login/", form, Origin=f"http://{self.host}")

    def is_known(self) -> bool:
        """Whether the API takes this browser for somebody."""
        return self.send("GET", "/api/v1/auth/user/", Accept="application/json").status == 200


@pytest.fixture
def browser(live: Live, tenants: dict[str, str]) -> Callable[..., Browser]:
    def make(host: str = A, email: str | None = None) -> Browser:
        made = Browser(live, host)
        if email is not None:
            assert made.log_in(email).status == 302
            assert made.is_known()
        return made

    return make


@pytest.mark.req("C1")
def test_3_a_cookie_of_a_is_nobody_on_b(browser: Callable[..., Browser]) -> None:
    here = browser(A, BOTH)
    for host in (B, PLATFORM):
        there = browser(host)
        there.cookies = dict(here.cookies)
        assert not there.is_known()
    assert here.is_known()


def test_3_no_cookie_names_a_domain(browser: Callable[..., Browser], live: Live) -> None:
    lines = browser(A, TRADER).set_cookies
    lines += browser(PLATFORM, "superadmin@example.com").set_cookies
    lines += log_in(live, A, {"email": TRADER, "password": demo.PASSWORD}).set_cookies
    names = {line.partition("=")[0] for line in lines}
    assert {"sessionid", "csrftoken", "refresh_token"} <= names
    for line in lines:
        assert "domain=" not in line.lower() and "path=/;" in f"{line.lower()};".replace(" ", "")
        assert "samesite=" in line.lower()
    assert all("httponly" in line.lower() for line in lines if not line.startswith("csrftoken"))


def test_3_on_https_the_cookies_are_bound_to_their_host() -> None:
    code = (
        "from django.conf import settings as s; "
        "print([s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.REFRESH_COOKIE_NAME, s.SESSION_COOKIE_SECURE, "
        "s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_DOMAIN, s.CSRF_COOKIE_DOMAIN, s.SESSION_COOKIE_PATH])"
    )
    environment = {
        "DJANGO_ENVIRONMENT": "production", "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DJANGO_SECRET_KEY": "k" * 60, "FIELD_ENCRYPTION_KEYS": "Q2hlY2stZGVwbG95LXZhbHVlcy1hcmUtbm90LXVzZWQ=",
        "BASE_DOMAIN": "example.com", "DATABASE_URL": "postgresql://a@db/a",
        "REDIS_URL": "redis://redis:6379/0", "BROKER_URL": "amqp://rabbit", "EMAIL_HOST": "mail",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout.strip() == str(
        ["__Host-sessionid", "__Host-csrftoken", "__Host-refresh_token", True, True, None, None, "/"]
    ), done.stderr


def test_9_a_form_of_a_sibling_subdomain_is_403(browser: Callable[..., Browser]) -> None:
    victim = browser(A, TRADER)
    token = victim.form_token("/")
    for origin in (f"http://{B}", "http://localhost", "https://acme.localhost", "null", "http://evil.com"):
        answer = victim.send("POST", "/logout/", {"csrfmiddlewaretoken": token}, Origin=origin)
        assert answer.status == 403, origin
    assert victim.is_known()
    own = victim.send("POST", "/logout/", {"csrfmiddlewaretoken": token}, Origin=f"http://{A}")
    assert own.status == 302 and not victim.is_known()


def test_9_a_tossed_csrf_cookie_does_not_help(browser: Callable[..., Browser]) -> None:
    victim = browser(A, TRADER)
    tossed = "a" * 32
    cookies = f"csrftoken={tossed}; sessionid={victim.cookies['sessionid']}"
    both = f"csrftoken={tossed}; csrftoken={victim.cookies['csrftoken']}; sessionid={victim.cookies['sessionid']}"
    for cookie in (cookies, both):
        answer = victim.send(
            "POST", "/logout/", {"csrfmiddlewaretoken": tossed}, Origin=f"http://{B}", Cookie=cookie
        )
        assert answer.status == 403
    assert victim.is_known()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/auth/ws-ticket/"),
        ("POST", "/api/v1/auth/logout/"),
        ("DELETE", "/api/v1/auth/sessions/"),
        ("PATCH", "/api/v1/auth/user/"),
    ],
)
def test_9_the_api_wants_the_token_of_a_browser_too(
    browser: Callable[..., Browser], method: str, path: str
) -> None:
    victim = browser(A, TRADER)
    token = victim.cookies["csrftoken"]
    attacks: list[dict[str, str]] = [
        {},
        {"Origin": f"http://{B}"},
        {"Origin": f"http://{B}", "X-CSRFToken": token},
        {"X-CSRFToken": "a" * 32},
    ]
    for headers in attacks:
        assert victim.send(method, path, {}, Accept="application/json", **headers).status == 403
    assert victim.is_known()


def test_9_the_refresh_cookie_wants_it_too(live: Live, tenants: dict[str, str]) -> None:
    tokens = pair(live, A, TRADER)
    cookie = {"Cookie": f"refresh_token={tokens['refresh']}; csrftoken={'a' * 32}"}
    for path in ("token/refresh/", "logout/"):
        for extra in ({}, {"Origin": f"http://{B}", "X-CSRFToken": "a" * 32}):
            answer = live.request(
                "POST", f"/api/v1/auth/{path}", host=A, json_body={}, headers={**cookie, **extra}
            )
            assert answer.status == 403
    assert me(live, A, tokens["access"]).status == 200


def test_9_nobody_is_logged_in_as_the_attacker(browser: Callable[..., Browser]) -> None:
    victim = browser(A)
    token = victim.form_token()
    form = {"login": BOTH, "password": demo.PASSWORD, "csrfmiddlewaretoken": token}
    assert victim.send("POST", "/login/", form, Origin=f"http://{B}").status == 403
    assert not victim.is_known()
