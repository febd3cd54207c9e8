"""Browser sessions: fixation, cookies, revocation, the demo's one-click log-in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from shared_apps.access.actors import forget_all_actors
from shared_apps.core.errors import DomainError, ForbiddenError, TooManyRequestsError
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users import principals, web
from shared_apps.users.models import Session, User

MakeClient = Callable[..., Client]
Person = Callable[[str], User]


def who(request: HttpRequest) -> HttpResponse:
    """Names the one who asks."""
    actor = request.actor  # type: ignore[attr-defined]
    return HttpResponse(f"{actor.email}|{actor.method}|{request.user.is_authenticated}")


def log_in(request: HttpRequest) -> HttpResponse:
    """The log-in form's post."""
    try:
        web.log_in(request, identifier=request.POST["email"], password=request.POST["password"])
    except DomainError as error:
        retry = str(getattr(error, "retry_after", ""))
        return HttpResponse(
            f"{error.code}|{error.details}", status=error.status, headers={"Retry-After": retry}
        )
    return who(request)


def log_out(request: HttpRequest) -> HttpResponse:
    """The log-out button."""
    web.end_browser_session(request)
    return who(request)


def one_click(request: HttpRequest) -> HttpResponse:
    """A button of the demo."""
    try:
        web.log_in_as_persona(request, request.POST["email"])
    except ForbiddenError as error:
        return HttpResponse(error.code, status=403)
    return who(request)


def plant(request: HttpRequest) -> HttpResponse:
    """An anonymous session with something in it."""
    request.session["planted"] = "by somebody"
    return HttpResponse()


def change(request: HttpRequest) -> HttpResponse:
    """Anything that changes something."""
    return HttpResponse("changed")


urlpatterns = [
    path("who/", who), path("in/", csrf_exempt(log_in)), path("out/", csrf_exempt(log_out)),
    path("click/", csrf_exempt(one_click)), path("plant/", plant), path("change/", change),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _pages(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = settings.PLATFORM_URLCONF = __name__
    yield


@pytest.fixture
def browser(client_of: MakeClient, password: str) -> Callable[..., Client]:
    """A browser on a host, logged in as somebody or nobody."""

    def make(slug: str | None, email: str | None = None) -> Client:
        client = client_of(slug)
        if email is not None:
            answer = client.post("/in/", {"email": email, "password": password})
            assert answer.status_code == 200, answer.content
        return client

    return make


TRADER = "trader@acme.example.com"


@pytest.mark.req("S1-5", "F19")
def test_logging_in_and_out(acme: Tenant, browser: MakeClient) -> None:
    client = browser("acme")
    assert client.get("/who/").content == b"||False"
    answer = client.post("/in/", {"email": TRADER, "password": "demo-Passw0rd!"})
    assert answer.content == client.get("/who/").content == f"{TRADER}|session|True".encode()
    session = Session.objects.get()
    assert (session.kind, session.tenant_id, session.refresh_hash) == ("browser", acme.pk, "")
    assert (session.expires_at - session.created_at).total_seconds() == django_settings.SESSION_COOKIE_AGE
    assert client.post("/out/").content == b"||False"
    assert client.get("/who/").content == b"||False"
    assert Session.objects.get().revoked_reason == "logged_out"


def test_a_planted_session_and_a_planted_csrf_token_are_worth_nothing(
    acme: Tenant, browser: MakeClient
) -> None:
    client = browser("acme")
    client.get("/plant/")
    planted = client.cookies["sessionid"].value
    client.post("/in/", {"email": TRADER, "password": "demo-Passw0rd!"})
    assert client.cookies["sessionid"].value != planted
    thief = browser("acme")
    thief.cookies["sessionid"] = planted
    assert thief.get("/who/").content == b"||False"


def test_logging_in_as_somebody_else_ends_the_first_session(acme: Tenant, browser: MakeClient) -> None:
    client = browser("acme", TRADER)
    first = Session.objects.get()
    answer = client.post("/in/", {"email": "buyer@acme.example.com", "password": "demo-Passw0rd!"})
    assert answer.content.startswith(b"buyer@acme")
    first.refresh_from_db()
    assert first.revoked_reason == "logged_out"


def test_wrong_passwords_are_refused_with_field_and_rule(acme: Tenant, browser: MakeClient) -> None:
    answer = browser("acme").post("/in/", {"email": TRADER, "password": "wrong"})
    assert answer.status_code == 400
    assert answer.content.startswith(b"auth.invalid_credentials|{'password': [")
    assert not Session.objects.exists()


def test_guessing_ends_in_429(acme: Tenant, browser: MakeClient, settings: Any) -> None:
    settings.THROTTLE_FACTOR = 1
    settings.VALKEY_PREFIX = f"{settings.VALKEY_PREFIX}-{time.time_ns()}"
    client = browser("acme")
    answers = [client.post("/in/", {"email": TRADER, "password": "wrong"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert TooManyRequestsError.status == 429


@pytest.mark.parametrize("how", ["row", "user", "membership"])
def test_a_revoked_row_ends_the_browser_session_within_thirty_seconds(
    acme: Tenant, browser: MakeClient, person: Person, how: str
) -> None:
    client = browser("acme", TRADER)
    assert TRADER.encode() in client.get("/who/").content
    if how == "row":
        Session.objects.update(revoked_at=timezone.now())
    elif how == "user":
        User.objects.filter(email=TRADER).update(is_active=False)
    else:
        Membership.objects.filter(user=person("trader@acme"), tenant=acme).update(is_active=False)
    principals.forget_everybody()
    forget_all_actors()
    answer = client.get("/who/")
    assert answer.content == b"||False" and answer.cookies["sessionid"].value == ""


@pytest.mark.parametrize("slug", ["globex", None])
def test_a_session_is_one_hosts_alone(
    acme: Tenant, globex: Tenant, browser: MakeClient, slug: str | None
) -> None:
    cookie = browser("acme", TRADER).cookies["sessionid"].value
    other = browser(slug)
    other.cookies["sessionid"] = cookie
    assert other.get("/who/").content == b"||False"


def test_a_bearer_token_that_does_not_hold_does_not_fall_back_to_the_cookie(
    acme: Tenant, browser: MakeClient
) -> None:
    client = browser("acme", TRADER)
    headers = {"host": "acme.localhost", "authorization": "Bearer nonsense"}
    assert client.get("/who/", headers=headers).content == b"||False"
    assert TRADER.encode() in client.get("/who/").content


def test_pages_that_change_something_want_the_csrf_token(acme: Tenant, client_of: MakeClient) -> None:
    client = client_of("acme", enforce_csrf_checks=True)
    client.post("/in/", {"email": TRADER, "password": "demo-Passw0rd!"})
    assert client.post("/change/").status_code == 403
    token = client.cookies["csrftoken"].value
    headers = {"host": "acme.localhost", "x-csrftoken": token}
    assert client.post("/change/", headers=headers).status_code == 200
    foreign = {**headers, "origin": "http://globex.localhost"}
    assert client.post("/change/", headers=foreign).status_code == 403


def test_cookies_belong_to_one_host(acme: Tenant, browser: MakeClient) -> None:
    for cookie in browser("acme", TRADER).cookies.values():
        assert cookie["domain"] == "" and cookie["path"] == "/"
        assert cookie["samesite"] in ("Lax", "Strict")
        assert bool(cookie["httponly"]) is (cookie.key != "csrftoken")


# --- the demo --------------------------------------------------------------------------------------


def test_personas_log_in_with_one_click_in_development(
    acme: Tenant, browser: MakeClient, settings: Any
) -> None:
    settings.ENVIRONMENT = "development"
    assert [persona.email for persona in web.demo_personas(acme)] == [
        f"{name}@acme.example.com"
        for name in ("owner", "staff", "verifier", "seller", "buyer", "trader", "auditor")
    ]
    assert next(persona.label for persona in web.demo_personas(None)) == "Superadmin"
    assert browser("acme").post("/click/", {"email": TRADER}).content.startswith(TRADER.encode())


@pytest.mark.parametrize("environment", ["production", "staging", "test"])
def test_and_nowhere_else(acme: Tenant, browser: MakeClient, settings: Any, environment: str) -> None:
    settings.ENVIRONMENT = environment
    assert web.demo_personas(acme) == []
    assert browser("acme").post("/click/", {"email": TRADER}).status_code == 403
    assert not Session.objects.exists()


@pytest.mark.parametrize("email", ["trader@globex.example.com", "superadmin@example.com", "x"])
def test_a_click_is_for_this_hosts_personas(
    acme: Tenant, browser: MakeClient, settings: Any, email: str
) -> None:
    settings.ENVIRONMENT = "development"
    assert browser("acme").post("/click/", {"email": email}).status_code == 403
