"""Logging in through the API."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shared_apps.core.context import current_schema, platform_context
from shared_apps.core.events import Event, subscribe
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.events import LoginFailed, UserLoggedIn
from shared_apps.users.models import Session, User
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
Person = Callable[[str], User]
WRONG = "The user name, e-mail or password is wrong."


@pytest.fixture
def told(db: None) -> list[tuple[str, Event]]:
    """Events of this app with the schema they were told in."""
    heard: list[tuple[str, Event]] = []
    for event_class in (UserLoggedIn, LoginFailed):
        subscribe(event_class, lambda event: heard.append((current_schema(), event)))
    return heard


@pytest.mark.req("S3-26", "C1", "C2", "F19")
def test_the_answer_speaks_both_spellings(acme: Tenant, api: MakeApi, person: Person) -> None:
    answer = api("acme").log_in("trader@acme.example.com")
    assert answer.status_code == 200
    body = answer.json()
    assert body["access_token"] == body["access"] and body["refresh_token"] == body["refresh"]
    assert set(body) == {"access_token", "refresh_token", "access", "refresh", "user"}
    assert body["user"]["id"] == person("trader@acme").pk
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.req("S4-64", "S4-72")
def test_the_user_in_the_answer_has_s4s_fields(acme: Tenant, api: MakeApi) -> None:
    user = api("acme").log_in("trader@acme.example.com").json()["user"]
    assert set(user) == {
        "id", "username", "email", "first_name", "last_name", "role", "tenant", "tenant_name", "is_active",
        "phone_number", "bio", "url", "company", "location", "birth_date", "date_joined", "last_login",
    }  # fmt: skip
    assert (user["tenant"], user["tenant_name"]) == (acme.pk, acme.name)


@pytest.mark.req("S3-26")
@pytest.mark.parametrize("field", ["username", "email"])
@pytest.mark.parametrize("spelling", ["trader@acme.example.com", "Trader@ACME.example.com"])
def test_name_or_address_in_either_field(acme: Tenant, api: MakeApi, field: str, spelling: str) -> None:
    door = api("acme")
    answer = door.post("auth/login/", {field: spelling, "password": door.password})
    assert answer.status_code == 200


def test_a_user_name_without_at_logs_in(acme: Tenant, api: MakeApi, person: Person) -> None:
    User.objects.filter(pk=person("trader@acme").pk).update(username="tariq")
    door = api("acme")
    assert door.post("auth/login/", {"username": "tariq", "password": door.password}).status_code == 200


def test_somebody_named_like_an_address_does_not_stand_in_its_way(
    acme: Tenant, api: MakeApi, person: Person
) -> None:
    User.objects.filter(pk=person("trader@acme").pk).update(username="tariq")
    User.objects.filter(pk=person("buyer@acme").pk).update(username="trader@acme.example.com")
    assert api("acme").log_in("trader@acme.example.com").json()["user"]["first_name"] == "Tariq"


@pytest.mark.req("F19")
def test_wrong_password_names_field_and_rule_and_writes_nothing(acme: Tenant, api: MakeApi) -> None:
    answer = api("acme").post("auth/login/", {"email": "trader@acme.example.com", "password": "wrong"})
    assert answer.status_code == 400
    body = answer.json()
    assert body["details"] == {"password": [WRONG]} and body["code"] == "auth.invalid_credentials"
    assert body["error"] is True and body["status_code"] == 400
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": "x"}, "username"),
        ({"username": "", "password": "x"}, "username"),
        ({"username": "a"}, "password"),
        ({"email": "no address", "password": "x"}, "email"),
        ({"username": "a\x00b", "password": "x"}, "username"),
        ({"username": "a" * 300, "password": "x"}, "username"),
        ({"username": "a", "password": "x" * 200}, "password"),
        ({"username": ["a"], "password": "x"}, "username"),
    ],
)
def test_bad_bodies_are_400_and_name_the_field(
    acme: Tenant, api: MakeApi, body: dict[str, Any], field: str
) -> None:
    answer = api("acme").post("auth/login/", body)
    assert answer.status_code == 400 and field in answer.json()["details"]


@pytest.mark.parametrize("body", [b"[]", b"{", b'"text"', b"null"])
def test_no_object_is_400(acme: Tenant, client_of: Callable[..., Any], body: bytes) -> None:
    answer = client_of("acme").post("/api/v1/auth/login/", body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.req("F21", "C4")
def test_who_is_no_member_gets_no_token(acme: Tenant, globex: Tenant, api: MakeApi) -> None:
    for who in ("trader@globex.example.com", "superadmin@example.com"):
        answer = api("acme").log_in(who)
        assert answer.status_code == 400 and answer.json()["details"] == {"password": [WRONG]}
    assert not Session.objects.exists()


@pytest.mark.parametrize("column", ["user", "membership"])
def test_who_is_inactive_gets_no_token(acme: Tenant, api: MakeApi, person: Person, column: str) -> None:
    trader = person("trader@acme")
    if column == "user":
        User.objects.filter(pk=trader.pk).update(is_active=False)
    else:
        Membership.objects.filter(user=trader, tenant=acme).update(is_active=False)
    answer = api("acme").log_in("trader@acme.example.com")
    assert answer.status_code == 400 and answer.json()["details"] == {"password": [WRONG]}


@pytest.mark.req("C4")
def test_everybody_logs_in_on_the_platform(acme: Tenant, api: MakeApi) -> None:
    assert api(None).log_in("trader@acme.example.com").status_code == 200
    assert api(None).log_in("superadmin@example.com").status_code == 200


def test_logging_in_leaves_a_session_and_the_time(acme: Tenant, api: MakeApi, person: Person) -> None:
    api("acme").log_in("trader@acme.example.com", **{"user-agent": "probe/1.0"})
    trader = person("trader@acme")
    session = Session.objects.get(user=trader)
    assert (session.kind, session.tenant_id, session.user_agent) == ("api", acme.pk, "probe/1.0")
    assert session.remote_addr == "127.0.0.1" and len(session.refresh_hash) == 64
    assert trader.last_login == session.created_at


def test_the_hosts_log_hears_of_it(acme: Tenant, api: MakeApi, told: list[Any], person: Person) -> None:
    door = api("acme", "trader")
    door.post("auth/login/", {"email": "trader@acme.example.com", "password": "wrong"})
    door.post("auth/login/", {"email": "nobody@acme.example.com", "password": "wrong"})
    trader = person("trader@acme").pk
    assert [(schema, type(event).__name__, event.user_id) for schema, event in told] == [
        (acme.schema_name, "UserLoggedIn", trader),
        (acme.schema_name, "LoginFailed", trader),
        (acme.schema_name, "LoginFailed", None),
    ]


def test_a_storm_of_failures_is_one_line_a_minute(
    acme: Tenant, api: MakeApi, told: list[Any], settings: Any
) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "login_failed_event": ("1/minute",)}
    settings.THROTTLE_FACTOR = 1
    settings.VALKEY_PREFIX = f"{settings.VALKEY_PREFIX}-{time.time_ns()}"
    for _ in range(5):
        api("acme").post("auth/login/", {"email": "trader@acme.example.com", "password": "wrong"})
    assert len(told) == 1


def test_the_tenants_role_never_selects_a_password(acme: Tenant, api: MakeApi) -> None:
    seen: list[tuple[str, str]] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append((current_schema(), sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        door = api("acme", "trader")
        for path in ("auth/user/", "auth/sessions/"):
            assert door.get(path).status_code == 200
        assert door.renew().status_code == 200
    secret = [(schema, sql) for schema, sql in seen if '"password"' in sql]
    assert secret and {schema for schema, _sql in secret} == {"public"}


def test_the_database_agrees(acme: Tenant, in_acme: Tenant) -> None:
    from django.db import ProgrammingError, transaction

    with pytest.raises(ProgrammingError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT password FROM users_user")
    assert caught.value.__cause__.sqlstate == "42501"  # type: ignore[union-attr]


def test_a_hash_that_has_aged_is_renewed(acme: Tenant, api: MakeApi, person: Person, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    assert person("trader@acme").password.startswith("md5$")
    assert api("acme").log_in("trader@acme.example.com").status_code == 200
    assert person("trader@acme").password.startswith("scrypt$")
    assert api("acme").log_in("trader@acme.example.com").status_code == 200


def test_a_known_token_costs_no_query(acme: Tenant, api: MakeApi) -> None:
    from django.http import HttpResponse
    from django.test import RequestFactory

    from shared_apps.core.middleware import RequestMiddleware
    from shared_apps.tenants.middleware import TenantMiddleware
    from shared_apps.users.middleware import ActorMiddleware

    door = api("acme", "trader")
    assert door.get("auth/user/").status_code == 200
    actors: list[Any] = []

    def view(request: Any) -> HttpResponse:
        actors.append(request.actor)
        return HttpResponse()

    stack = RequestMiddleware(TenantMiddleware(ActorMiddleware(view)))
    request = RequestFactory().get(
        "/api/v1/", headers={"host": "acme.localhost", "authorization": f"Bearer {door.token}"}
    )
    with CaptureQueriesContext(connection) as queries:
        stack(request)
    assert len(queries) == 0
    assert actors[0].method == "jwt" and actors[0].capabilities == {"trader"}


@pytest.mark.req("F19")
def test_unknown_names_take_as_long_as_known_ones(acme: Tenant, api: MakeApi, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["tests.users.hashers.SlowEnough"]
    from django.contrib.auth.hashers import make_password

    with platform_context():
        User.objects.filter(email="trader@acme.example.com").update(password=make_password("x"))
    door = api("acme")

    def seconds(email: str) -> float:
        start = time.thread_time()  # work, not waiting: other processes share this machine
        answer = door.post("auth/login/", {"email": email, "password": "wrong-password"})
        assert answer.status_code == 400
        return time.thread_time() - start

    known, unknown = [], []
    for _ in range(5):
        known.append(seconds("trader@acme.example.com"))
        unknown.append(seconds("nobody@acme.example.com"))
    assert 0.8 < min(known) / min(unknown) < 1.25
