"""The API's contract, tried on the tutorial app: pages, filters, fields, bodies (S4-83, S3-132, S3-133)."""

from __future__ import annotations

import json

import pytest

from tests.support.api import Api, error_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def trader(acme) -> Api:
    return Api("acme", "trader@acme.example.com")


@pytest.fixture
def many(trader) -> Api:
    for number in range(23):
        assert trader.post("todos/", {"title": f"{number:02}"}).status_code == 201
    return trader


@pytest.mark.req("S3-132")
def test_pages_have_twenty_rows_and_at_most_a_hundred(many):
    first = many.get("todos/").json()
    assert set(first) == {"count", "next", "previous", "results"}
    assert (first["count"], len(first["results"]), first["previous"]) == (23, 20, None)
    second = many.get(first["next"].removeprefix("http://acme.localhost")).json()
    assert (len(second["results"]), second["next"]) == (3, None)
    seen = [row["id"] for row in first["results"] + second["results"]]
    assert len(set(seen)) == 23
    capped = many.get("todos/?page_size=1000000").json()
    assert len(capped["results"]) == 23
    assert len(many.get("todos/?page_size=7").json()["results"]) == 7


@pytest.mark.req("S3-132")
@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("page=99", 404, None),
        ("page=0", 400, "page"),
        ("page=-1", 400, "page"),
        ("page=two", 400, "page"),
        ("page=99999999999999999999", 400, "page"),
        ("page_size=0", 400, "page_size"),
        ("page_size=x", 400, "page_size"),
        ("page_size=%D9%A1", 400, "page_size"),
        ("fields=title,secret", 400, "fields"),
        ("fields=", 400, "fields"),
        ("ordering=member__email", 400, "ordering"),
        ("ordering=-nonsense", 400, "ordering"),
        ("done=perhaps", 400, "done"),
        ("due_before=yesterday", 400, "due_before"),
        ("dnoe=true", 400, "dnoe"),
        ("title=a%00b", 400, "title"),
    ],
)
def test_a_query_that_is_not_understood_is_refused_by_name(trader, query, status, field):
    details = error_of(trader.get(f"todos/?{query}"), status)["details"]
    assert field is None or list(details) == [field]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ('{"title": NaN}', "title"),
        ('{"title": "a", "due_on": Infinity}', "due_on"),
        ('{"title": "a", "legs": [{"quantity": -Infinity}]}', "legs.0.quantity"),
        ('{"title": 1e400}', "title"),
        ('{"title": "a\\u0000b"}', "title"),
        ('{"title": "\\ud800"}', "title"),
        ('{"title": "a", "x": {"\\udfff": 1}}', "x"),
    ],
)
@pytest.mark.req("S3-115")
def test_values_that_cannot_be_stored_are_refused_by_name(trader, raw, field):
    assert list(error_of(trader.post("todos/", raw), 400)["details"]) == [field]
    assert trader.get("todos/").json()["count"] == 0


@pytest.mark.parametrize(
    "raw", ["", "{", "[1,", "nul", b'{"title": "\xff"}', "[" * 100_000, "1" * 5000, '{"a":"b"}x']
)
def test_what_is_no_json_is_a_clean_400(trader, raw):
    error_of(trader.post("todos/", raw), 400)
    assert trader.get("todos/").json()["count"] == 0


def test_a_text_or_number_where_an_object_belongs_is_a_clean_400(trader):
    for body in ([], "text", 5, None, True):
        error_of(trader.post("todos/", json.dumps(body)), 400)


def test_escaped_pairs_are_good_text(trader):
    made = trader.post("todos/", '{"title": "\\ud83d\\ude80 ok \\u00e9"}')
    assert made.json()["title"] == "🚀 ok é"


def test_other_kinds_of_content_are_refused(trader):
    response = trader.client.post(
        "/api/v1/todos/", "title=a", content_type="application/x-www-form-urlencoded", headers=trader.headers
    )
    error_of(response, 415)
    error_of(trader.get("todos/", accept="application/xml"), 406)


def test_methods_and_ids_that_do_not_exist(trader):
    assert "GET" in trader.request("PUT", "todos/")["Allow"]
    error_of(trader.request("PUT", "todos/"), 405)
    error_of(trader.get("todos/1/"), 404)
    error_of(trader.get("todos/99999999999999999999999999999999999999/"), 404)
    error_of(trader.get("todos/01890000-0000-7000-8000-000000000000/"), 404)


def test_an_unforeseen_error_tells_nothing(trader, monkeypatch):
    from tenant_apps.todos import api

    def broken(_actor):
        raise RuntimeError("secret-detail")

    monkeypatch.setattr(api, "visible_todos", broken)
    response = trader.get("todos/")
    assert error_of(response, 500)["code"] == "server_error"
    assert b"secret-detail" not in response.content
