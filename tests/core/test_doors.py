"""The outermost layer: errors in one shape, health on any host, request ids, bounds."""

from __future__ import annotations

import json

import pytest
from django.core.checks import run_checks
from django.test import Client

from shared_apps.core import health
from tests.support.api import Api, error_of

pytestmark = pytest.mark.django_db


def shape(response, status: int) -> dict:
    assert response.status_code == status, response.content[:500]
    body = response.json()
    assert set(body) == {"error", "message", "status_code", "details", "code", "request_id"}
    assert body["error"] is True
    assert body["status_code"] == status
    assert body["request_id"] == response["X-Request-ID"]
    return body


@pytest.mark.req("S4-83", "C13")
def test_an_unknown_address_of_the_api_is_an_error_in_our_shape(client_of):
    assert shape(client_of("acme").get("/api/v1/nothing/"), 404)["code"] == "not_found"
    assert shape(client_of().get("/api/v1/nothing/"), 404)["code"] == "not_found"


@pytest.mark.req("S4-83")
def test_a_person_gets_a_page(client_of):
    response = client_of("acme").get("/nothing/", headers={"accept": "text/html"})
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
    assert response["X-Request-ID"] in response.content.decode()


def test_a_request_id_of_the_caller_is_kept_and_a_harmful_one_replaced(client_of):
    client = client_of("acme")
    assert client.get("/health/", headers={"x-request-id": "abc-1"})["X-Request-ID"] == "abc-1"
    assert client.get("/health/", headers={"x-request-id": "a'b"})["X-Request-ID"] != "a'b"


@pytest.mark.req("S3-135", "S3-137", "S3-138")
@pytest.mark.parametrize("host", ["localhost", "acme.localhost", "nobody.example.org", "10.1.2.3"])
def test_health_answers_on_any_host(host):
    client = Client(headers={"host": host})
    for path in ("/health/", "/health/live/"):
        assert client.get(path).json() == {"status": "ok"}
    ready = client.get("/health/ready/")
    assert ready.status_code == 200, ready.content
    assert ready.json()["components"]["database"] == "ok"


@pytest.mark.req("S3-138")
def test_live_never_touches_the_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get("/health/live/").status_code == 200


@pytest.mark.req("S3-136")
def test_details_are_for_operators(settings, client_of):
    settings.OPERATIONS_TOKEN = "op-token"
    client = client_of()
    shape(client.get("/health/detailed/"), 401)
    shape(client.get("/health/detailed/", headers={"authorization": "Bearer wrong"}), 401)
    shape(client_of("acme").get("/health/detailed/"), 403)
    shape(client_of("nobody").get("/health/detailed/"), 403)
    body = client.get("/health/detailed/", headers={"authorization": "Bearer op-token"}).json()
    assert body["components"]["database"]["status"] == "ok"
    assert {"cache", "outbox", "migrations"} <= set(body["components"])
    assert body["components"]["migrations"]["tenants_behind"] == 0


@pytest.mark.req("S3-136")
def test_details_are_for_platform_staff(client_of):
    staff, trader = Api(None, "admin@example.com"), Api(None, "trader@acme.example.com")
    assert staff.get("/health/detailed/").json()["status"] == "ok"
    error_of(trader.get("/health/detailed/"), 403)


@pytest.mark.req("S3-137")
def test_a_process_whose_schema_is_not_migrated_is_not_ready(client_of, monkeypatch):
    health._cached.clear()
    monkeypatch.setattr("shared_apps.tenants.health.public_fingerprint", lambda: "another")
    response = client_of().get("/health/ready/")
    assert response.status_code == 503
    assert response.json()["components"]["migrations"] == "down"
    health._cached.clear()


def test_an_empty_operations_token_opens_nothing(settings, client_of):
    settings.OPERATIONS_TOKEN = ""
    shape(client_of().get("/health/detailed/", headers={"authorization": "Bearer "}), 401)


@pytest.mark.req("S3-144")
def test_metrics_are_for_operators_and_this_machine(settings, client_of):
    settings.OPERATIONS_TOKEN = "op-token"
    far = client_of("acme", REMOTE_ADDR="203.0.113.9")
    shape(far.get("/metrics"), 404)
    shape(client_of("acme").get("/metrics", headers={"x-forwarded-for": "1.2.3.4"}), 404)
    client_of("acme").get("/api/v1/nothing/")
    text = far.get("/metrics", headers={"authorization": "Bearer op-token"}).content.decode()
    assert 'tradehall_requests_total{method="GET",route="-",status="404"}' in text


@pytest.mark.req("S3-115")
def test_null_characters_in_a_query_are_refused_by_name(client_of):
    body = shape(client_of("acme").get("/api/v1/nothing/?q=a%00b"), 400)
    assert list(body["details"]) == ["q"]


def test_a_body_over_two_megabytes_is_refused_before_it_is_read(client_of):
    big = json.dumps({"note": "x" * (2 * 1024 * 1024)})
    body = shape(client_of("acme").post("/api/v1/nothing/", big, content_type="application/json"), 413)
    assert body["code"] == "too_large"


@pytest.mark.req("C12")
@pytest.mark.parametrize("slug", [None, "acme"])
def test_schema_and_swagger_are_served_on_both_hosts(client_of, slug):
    schema = client_of(slug).get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"})
    assert schema.status_code == 200
    assert schema.json()["openapi"].startswith("3.1")
    page = client_of(slug).get("/swagger/").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert "<script>" not in page
    assert "style=" not in page


def test_system_checks_pass():
    issues = [issue for issue in run_checks() if issue.level >= 30 and not issue.is_silenced()]
    assert [str(issue) for issue in issues] == []
