"""Attack table, rows 1, 2, 5, 7, 8, 12, 14, 15: identity over a real socket."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.urls import Resolver404, resolve

from shared_apps.access.catalogue import get_permission
from shared_apps.access.routes import Host, Kind, all_routes
from shared_apps.core.signing import derived_keys
from shared_apps.tenants import demo
from tests.attacks.people import BOTH, PLATFORM, TRADER, A, B, bearer, log_in, me, pair
from tests.support import live as live_processes
from tests.support.letters import code_in, send_waiting_letters
from tests.support.live import Answer, Live

pytestmark = pytest.mark.xdist_group("attacks-identity")


@pytest.fixture(scope="module")
def throttled(live: Live, django_db_blocker: Any) -> Iterator[Live]:
    """A second web process over the same database, with the rates of production and counters of its own."""
    prefix = f"tradehall-attack-{uuid.uuid4().hex}"
    with live_processes.web(THROTTLE_FACTOR="1", VALKEY_PREFIX=prefix) as running:
        yield running


# --- row 1: a token of A on B's host ---------------------------------------------------------------


def _addresses() -> list[tuple[str, str]]:
    """Every API route of a tenant's host that is not open to anyone, with plausible ids."""
    found = []
    for route in all_routes():
        if route.host is not Host.TENANT or route.kind is not Kind.API:
            continue
        if "anyone" in get_permission(route.permission).cells:
            continue
        found.append((route.method, _with_ids(route.path)))
    return sorted(set(found))


def _with_ids(path: str) -> str:
    """An address with ids of the kind that it takes."""
    for plausible in (str(uuid.uuid4()), "1"):
        address = re.sub(r"\{\w+\}", plausible, path)
        try:
            resolve(address, settings.ROOT_URLCONF)
        except Resolver404:
            continue
        return address
    raise AssertionError(f"no id fits {path}")


@pytest.mark.req("F21", "C1")
@pytest.mark.parametrize("email", [TRADER, BOTH])
def test_1_every_address_of_b_refuses_a_token_of_a(live: Live, tenants: dict[str, str], email: str) -> None:
    token = pair(live, A, email)["access"]
    assert me(live, A, token).status == 200
    addresses = _addresses()
    assert ("GET", "/api/v1/auth/user/") in addresses and len(addresses) > 10
    for method, path in addresses:
        answer = live.request(method, path, host=B, json_body={}, headers=bearer(token))
        assert answer.status == 401, (method, path, answer.status, answer.body[:200])
        assert answer.json()["code"] == "token_not_valid"


@pytest.mark.req("F21")
def test_1_a_refresh_token_of_a_is_worth_nothing_on_b(live: Live, tenants: dict[str, str]) -> None:
    refresh = pair(live, A, BOTH)["refresh"]
    for host in (B, PLATFORM):
        answer = live.request(
            "POST", "/api/v1/auth/token/refresh/", host=host, json_body={"refresh": refresh}
        )
        assert answer.status == 401
    again = live.request("POST", "/api/v1/auth/token/refresh/", host=A, json_body={"refresh": refresh})
    assert again.status == 200


@pytest.mark.req("F21")
def test_1_the_platform_and_the_tenants_do_not_take_each_others_tokens(
    live: Live, tenants: dict[str, str]
) -> None:
    assert me(live, PLATFORM, pair(live, A, TRADER)["access"]).status == 401
    for who in (TRADER, "superadmin@example.com"):
        assert me(live, A, pair(live, PLATFORM, who)["access"]).status == 401


@pytest.mark.req("F21")
def test_1_a_member_of_both_has_two_tokens_and_each_works_at_home(
    live: Live, tenants: dict[str, str]
) -> None:
    for host, slug in ((A, "acme"), (B, "globex")):
        token = pair(live, host, BOTH)["access"]
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["tid"] == tenants[slug] and me(live, host, token).status == 200


def test_1_who_is_no_member_is_not_let_in(live: Live, tenants: dict[str, str]) -> None:
    answer = log_in(live, B, {"email": TRADER, "password": demo.PASSWORD})
    assert answer.status == 400 and list(answer.json()["details"]) == ["password"]


# --- row 2: tokens that are none -------------------------------------------------------------------


def _segments(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def _b64(value: Any) -> str:
    import base64

    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _forgeries(tokens: dict[str, Any], tid: str) -> dict[str, str]:
    """Tokens by what is wrong with them; the right one is the first."""
    good, refresh = tokens["access"], tokens["refresh"]
    _header, claims = _segments(good)
    own_key = derived_keys("jwt", tid)[0]
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head, body, signature = good.split(".")
    now = datetime.now(UTC)
    return {
        "good": good,
        "alg none": f"{_b64({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "alg None": f"{_b64({'alg': 'None', 'typ': 'JWT'})}.{body}.{signature}",
        "no signature": f"{head}.{body}.",
        "RS256": jwt.encode(claims, private, algorithm="RS256"),
        "RS256 header over our signature": f"{_b64({'alg': 'RS256', 'typ': 'JWT'})}.{body}.{signature}",
        "a foreign key of its own in the header": jwt.encode(
            claims, private, algorithm="RS256", headers={"jwk": json.dumps(public.decode())}
        ),
        "HS512 with the right key": jwt.encode(claims, own_key, algorithm="HS512"),
        "signed with the secret key itself": jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256"),
        "signed with the platform's key": jwt.encode(
            claims, derived_keys("jwt", "platform")[0], algorithm="HS256"
        ),
        "refresh as access": refresh,
        "refresh renamed access": jwt.encode(
            {**_segments(refresh)[1], "token_type": "access"}, own_key, algorithm="HS256"
        ),
        "expired": jwt.encode({**claims, "exp": now - timedelta(seconds=1)}, own_key, algorithm="HS256"),
        "without exp": jwt.encode(
            {name: value for name, value in claims.items() if name != "exp"}, own_key, algorithm="HS256"
        ),
        "from the future": jwt.encode(
            {**claims, "nbf": now + timedelta(hours=1)}, own_key, algorithm="HS256"
        ),
        "another audience": jwt.encode({**claims, "aud": "elsewhere"}, own_key, algorithm="HS256"),
        "another user": jwt.encode({**claims, "user_id": "1"}, own_key, algorithm="HS256"),
        "another session": jwt.encode({**claims, "sid": str(uuid.uuid4())}, own_key, algorithm="HS256"),
        "user id no number": jwt.encode({**claims, "user_id": "1 OR 1=1"}, own_key, algorithm="HS256"),
        "user id too large": jwt.encode({**claims, "user_id": "9" * 30}, own_key, algorithm="HS256"),
        "changed body": f"{head}.{_b64({**claims, 'user_id': '1'})}.{signature}",
        "truncated": good[:-10],
        "one letter less": good[:-1],
        "one part": head,
        "four parts": f"{good}.{signature}",
        "empty parts": "..",
        "nonsense": "nonsense",
        "huge": "a" * 6000,
    }


@pytest.mark.req("S3-24", "F21")
def test_2_tokens_that_are_none_are_401(live: Live, tenants: dict[str, str]) -> None:
    forgeries = _forgeries(pair(live, A, TRADER), tenants["acme"])
    statuses = {name: me(live, A, token).status for name, token in forgeries.items()}
    assert statuses.pop("good") == 200
    assert set(statuses.values()) == {401}, {name: s for name, s in statuses.items() if s != 401}


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer", 401), ("Bearer ", 401), ("Bearer a b", 401), ("bearer {}", 200), ("BEARER {}", 200),
        ("Token {}", 401), ("Basic dXNlcjpwYXNz", 401), ("{}", 401), ("Bearer \xe9", 401), ("", 401),
    ],
)  # fmt: skip
def test_2_headers(live: Live, tenants: dict[str, str], header: str, status: int) -> None:
    token = pair(live, A, TRADER)["access"]
    headers = {"Authorization": header.replace("{}", token)}
    answer = live.request("GET", "/api/v1/auth/user/", host=A, headers=headers)
    assert answer.status == status
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")


# --- rows 5 and 14: rates --------------------------------------------------------------------------


@pytest.mark.req("S3-112", "S3-114", "C21")
def test_5_and_14_five_hundred_guesses_end_in_429_on_this_host_only(
    throttled: Live, tenants: dict[str, str]
) -> None:
    wrong = {"email": BOTH, "password": "wrong"}
    statuses = [log_in(throttled, A, wrong).status for _ in range(500)]
    assert statuses[:10] == [400] * 10 and set(statuses[10:]) == {429}
    last = log_in(throttled, A, {"email": BOTH, "password": demo.PASSWORD})
    assert last.status == 429 and 1 <= int(last.headers["retry-after"]) <= 3601
    assert log_in(throttled, B, {"email": BOTH, "password": demo.PASSWORD}).status == 200


@pytest.mark.req("S3-114")
def test_5_a_hundred_anonymous_requests_an_hour(throttled: Live, tenants: dict[str, str]) -> None:
    token = pair(throttled, PLATFORM, "auditor@example.com")["access"]

    def anonymous() -> Answer:
        return log_in(throttled, PLATFORM, {"email": f"{uuid.uuid4().hex}@example.com", "password": "x"})

    statuses = [anonymous().status for _ in range(101)]
    assert statuses[:99] == [400] * 99 and statuses[99:] == [429, 429]
    spoofed = log_in(throttled, PLATFORM, {"email": "a@example.com", "password": "x"}, **{
        "X-Forwarded-For": "192.0.2.77", "X-Real-IP": "192.0.2.77", "Forwarded": "for=192.0.2.77",
    })  # fmt: skip
    assert spoofed.status == 429
    assert me(throttled, PLATFORM, token).status == 200


# --- row 8 -----------------------------------------------------------------------------------------


def test_8_a_forwarded_host_moves_no_token(live: Live, tenants: dict[str, str]) -> None:
    token = pair(live, A, BOTH)["access"]
    assert me(live, A, token, **{"X-Forwarded-Host": B}).status == 200
    assert me(live, B, token, **{"X-Forwarded-Host": A}).status == 401


def test_7_a_token_holds_for_every_spelling_of_its_host(live: Live, tenants: dict[str, str]) -> None:
    token = pair(live, "ACME.localhost", TRADER)["access"]
    for host in (A, "Acme.LocalHost.", f"{A}:8000"):
        assert me(live, host, token).status == 200


# --- row 12: what a body may not say ---------------------------------------------------------------


@pytest.mark.req("S4-32", "S3-117")
def test_12_nobody_writes_their_own_role(live: Live, tenants: dict[str, str]) -> None:
    greedy = {
        "id": 1, "pk": 1, "user": 1, "user_id": 1, "role": "superadmin", "is_staff": True,
        "is_superuser": True, "is_active": False, "tenant": None, "tenant_id": 2, "balance": "1e9",
        "status": "active", "capabilities": ["owner"], "email": "new@example.com", "username": "root",
        "password": "x", "date_joined": "2001-01-01T00:00:00Z",
    }  # fmt: skip
    token = pair(live, A, TRADER)["access"]
    before = me(live, A, token).json()
    for body in (greedy, {**greedy, "bio": "ok"}):
        answer = live.request("PATCH", "/api/v1/auth/user/", host=A, json_body=body, headers=bearer(token))
        assert answer.status in (200, 400)
    after = me(live, A, token).json()
    assert {**after, "bio": ""} == {**before, "bio": ""} and after["role"] == "subscriber"
    assert log_in(live, A, {"email": TRADER, "password": demo.PASSWORD}).status == 200


@pytest.mark.req("S4-32")
def test_12_nobody_registers_as_more_than_they_are(
    live: Live, tenants: dict[str, str], mailoutbox: list[Any], django_db_blocker: Any
) -> None:
    email = f"{uuid.uuid4().hex}@new.example.com"
    body = {"email": email, "password": "quite-good-Passw0rd", "role": "superadmin", "is_staff": True,
            "tenant": 2, "capabilities": ["owner"], "is_superuser": True}  # fmt: skip
    assert live.request("POST", "/api/v1/auth/registration/", host=A, json_body=body).status == 201
    with django_db_blocker.unblock():
        send_waiting_letters()
    code = {"email": email, "otp": code_in(next(mail for mail in mailoutbox if mail.to == [email]))}
    assert (
        live.request("POST", "/api/v1/auth/registration/verify-email/", host=A, json_body=code).status == 200
    )
    user = log_in(live, A, {"email": email, "password": "quite-good-Passw0rd"}).json()["user"]
    assert (user["role"], user["tenant"]) == ("subscriber", None)
    assert log_in(live, B, {"email": email, "password": "quite-good-Passw0rd"}).status == 400


# --- row 15: who is known --------------------------------------------------------------------------


def _alike(one: list[float], other: list[float]) -> bool:
    """Whether two sets of times are the same within noise: their lower quartiles, which load spares."""
    first, second = (sorted(times)[len(times) // 4] for times in (one, other))
    return 0.75 < first / second < 1.33


@pytest.mark.req("F19", "C40")
@pytest.mark.parametrize("door", ["login", "password/reset", "registration", "registration/resend-email"])
def test_15_unknown_people_get_the_same_text_in_the_same_time(
    live: Live, tenants: dict[str, str], door: str
) -> None:
    def ask(email: str) -> tuple[Answer, float]:
        body = {"email": email}
        if door == "login":
            body["password"] = "wrong-password"
        elif door == "registration":
            body["password"] = "quite-good-Passw0rd"
        start = time.perf_counter()
        answer = live.request("POST", f"/api/v1/auth/{door}/", host=A, json_body=body)
        return answer, time.perf_counter() - start

    def text(answer: Answer) -> tuple[int, dict[str, Any]]:
        body = answer.json()
        body.pop("request_id", None)
        return answer.status, body

    answers = set()

    def round_is_alike() -> bool:
        times: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(40):
            for known in (True, False):
                email = TRADER if known else f"{uuid.uuid4().hex}@unknown.example.com"
                answer, seconds = ask(email)
                answers.add(repr(text(answer)))
                times[known].append(seconds)
        return _alike(times[True], times[False])

    ask(TRADER), ask("first@unknown.example.com")
    # A real difference shows in every round; a busy neighbour on this machine does not.
    assert any(round_is_alike() for _ in range(3))
    assert len(answers) == 1
