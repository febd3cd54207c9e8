"""Attack table, rows 6, 7, 8, 10, 27, 28: hosts and names, over a real socket."""

from __future__ import annotations

import pytest

from shared_apps.tenants import rules
from tests.support.live import Live

pytestmark = pytest.mark.req("F1")


def status_of(live: Live, host: bytes, extra: bytes = b"", path: bytes = b"/api/v1/auth/user/") -> int:
    return live.raw(
        b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n" + extra + b"\r\n"
    )


@pytest.mark.parametrize(
    "host",
    [
        b"nobody.localhost", b"acme.localhost.evil.com", b"evilacme.localhost", b"acme.localhost@evil.com",
        b"evil.com@acme.localhost", b"acme.localhost,globex.localhost", b"", b"127.0.0.1", b"[::1]",
        b"127.0.0.1:8000", b"2130706433", b"acme..localhost", b".localhost", b"acme.localhost..", b"-acme.localhost",
        b"acme_.localhost", b"acme.localhost:", b"acme.localhost:99999999", b"\xd0\xb0cme.localhost",
        b"acme.localhost/x", b"acme.localhost?x", b"x.acme.localhost", b"a" * 300 + b".localhost",
    ],
)  # fmt: skip
def test_foreign_hosts_are_not_found(live: Live, host: bytes) -> None:
    # A server may refuse what is no HTTP at all with 400 before it reaches us.
    assert status_of(live, host) in ((404, 400) if host in (b"", b"\xd0\xb0cme.localhost") else (404,))


def test_crlf_in_host_cannot_add_a_header(live: Live) -> None:
    assert status_of(live, b"nobody.localhost\r\nX-Forwarded-Host: acme.localhost") == 404


@pytest.mark.req("S3-135", "C25")
@pytest.mark.parametrize("host", [b"nobody.localhost", b"127.0.0.1", b"acme.localhost", b"evil.com"])
def test_health_answers_on_any_host(live: Live, host: bytes) -> None:
    assert status_of(live, host, path=b"/health/live/") == 200


@pytest.mark.parametrize(
    "host", [b"acme.localhost", b"ACME.localhost", b"Acme.LocalHost.", b"acme.localhost:8000"]
)
def test_spellings_of_a_host_are_the_tenant(live: Live, host: bytes) -> None:
    assert status_of(live, host) == 401


def test_forwarded_host_is_ignored(live: Live) -> None:
    extra = b"X-Forwarded-Host: acme.localhost\r\nForwarded: host=acme.localhost\r\n"
    assert status_of(live, b"nobody.localhost", extra) == 404


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/tenants/tenant/"])
def test_no_admin_on_a_tenants_host(live: Live, path: str) -> None:
    assert live.request("GET", path, host="acme.localhost").status == 404


def test_unknown_host_speaks_the_doors_language(live: Live) -> None:
    api = live.request("GET", "/api/v1/auth/user/", host="nobody.localhost")
    assert api.json()["code"] == "host.unknown" and api.json()["status_code"] == 404
    page = live.request("GET", "/", host="nobody.localhost", headers={"Accept": "text/html"})
    assert page.status == 404 and page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("slug", "problem"),
    [
        ("a, public", "characters"), ("public", "reserved"), ("$user", "characters"), ("pg_x", "characters"),
        ("information_schema", "characters"), ("..", "length"), ("акме", "characters"), ("a" * 41, "length"),
        ("ab", "length"), ("www", "reserved"), ("api", "reserved"), ("admin", "reserved"), ("static", "reserved"),
        ("mail", "reserved"), ("a--b", "hyphens"), ("xn--80ak6aa92e", "hyphens"), ("Acme", "characters"),
        ("1acme", "characters"), ("acme-", "characters"), ("acme\n", "characters"), ("acme\x00", "characters"),
        ("a" * 40, None), ("acme-2", None), ("abc", None),
    ],
)  # fmt: skip
def test_slugs(slug: str, problem: str | None) -> None:
    assert rules.slug_problem(slug) == problem


def test_schema_names_are_generated() -> None:
    names = {rules.new_schema_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(name.startswith("t_") and name[2:].isalnum() and len(name) == 18 for name in names)
