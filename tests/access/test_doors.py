"""What each kind of door answers, and that a door without a declaration stays shut and is reported."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet, ViewSet

from shared_apps.access import catalogue, declarations, topics
from shared_apps.access.actors import Actor
from shared_apps.access.admin import MatrixAdminMixin, MatrixSiteMixin
from shared_apps.access.catalogue import Permission, Relation
from shared_apps.access.declarations import assign
from shared_apps.access.pages import may, page
from shared_apps.access.routes import Host, Kind, Route, all_routes, problems, routes_of
from shared_apps.core.errors import ForbiddenError, NotFoundError, TooManyRequestsError, UnavailableError
from shared_apps.users.models import User

NOBODY = Actor.anonymous()
SUPERADMIN = Actor(user_id=1, platform_role="superadmin")
SUBSCRIBER = Actor(user_id=2, platform_role="subscriber")


@pytest.fixture(autouse=True)
def _rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (
        Permission("todos.view_todo", "x", {"superadmin": Relation.PLATFORM, "subscriber": Relation.OWN}),
        Permission("todos.change_todo", "x", {"superadmin": Relation.PLATFORM}),
        Permission("core.view_page", "x", {"anyone": Relation.ANYONE}),
    )
    monkeypatch.setattr(catalogue, "_rows", {row.name: row for row in rows})
    monkeypatch.setattr(declarations, "_assigned", {})
    monkeypatch.setattr(topics, "_topics", {})


def ask(view: Any, actor: Actor, method: str = "get", address: str = "/x/", **kwargs: Any) -> Any:
    """Call a view as this actor, past the middleware."""
    headers = kwargs.pop("headers", None)
    request = getattr(RequestFactory(), method)(address, headers=headers)
    request.actor = actor
    request.user = AnonymousUser() if actor.user_id is None else User(pk=actor.user_id)
    request._dont_enforce_csrf_checks = True
    response = view(request, **kwargs)
    if hasattr(response, "render"):
        response.accepted_renderer = None
    return response


class FromMiddleware:
    """An authenticator that believes the middleware, as the real ones do."""

    def authenticate(self, request: Any) -> Any:
        user = request._request.user
        return (user, None) if user.pk else None

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


class Todos(GenericViewSet):
    authentication_classes = (FromMiddleware,)
    access = {
        "list": "todos.view_todo",
        "retrieve": "todos.view_todo",
        "partial_update": "todos.change_todo",
        "finish": "todos.missing_row",
    }

    def get_object(self) -> str:
        if self.kwargs["pk"] != "mine":
            raise Http404
        return "mine"

    def list(self, request: Any) -> Response:
        return Response("list")

    def retrieve(self, request: Any, pk: str) -> Response:
        return Response(self.get_object())

    def partial_update(self, request: Any, pk: str) -> Response:
        return Response("changed")

    def destroy(self, request: Any, pk: str) -> Response:
        return Response("deleted")

    @action(detail=True, methods=["post"])
    def finish(self, request: Any, pk: str) -> Response:
        return Response("finished")


LIST = Todos.as_view({"get": "list"})
DETAIL = Todos.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})


@pytest.mark.req("S4-68", "F32")
@pytest.mark.parametrize(
    ("view", "method", "actor", "status"),
    [
        (LIST, "get", NOBODY, 401),
        (LIST, "get", SUBSCRIBER, 200),
        (LIST, "head", SUBSCRIBER, 200),
        (LIST, "options", SUBSCRIBER, 200),
        (LIST, "options", NOBODY, 401),
        (LIST, "post", SUBSCRIBER, 405),
        (LIST, "post", NOBODY, 401),
        (DETAIL, "get", SUBSCRIBER, 200),
        (DETAIL, "patch", SUBSCRIBER, 403),
        (DETAIL, "patch", SUPERADMIN, 200),
        (DETAIL, "patch", NOBODY, 401),
    ],
)
def test_api_views(view: Any, method: str, actor: Actor, status: int) -> None:
    kwargs = {"pk": "mine"} if view is DETAIL else {}
    assert ask(view, actor, method, **kwargs).status_code == status


@pytest.mark.req("C14")
def test_an_action_out_of_reach_hides_what_cannot_be_seen() -> None:
    assert ask(DETAIL, SUBSCRIBER, "patch", pk="theirs").status_code == 404
    assert ask(DETAIL, SUBSCRIBER, "patch", pk="mine").status_code == 403
    assert ask(DETAIL, NOBODY, "patch", pk="theirs").status_code == 401


@pytest.mark.req("F32")
def test_undeclared_and_unknown_are_denied_even_to_a_superadmin() -> None:
    assert ask(DETAIL, SUPERADMIN, "delete", pk="mine").status_code == 403
    finish = Todos.as_view({"post": "finish"})
    assert ask(finish, SUPERADMIN, "post", pk="mine").status_code == 403

    class Bare(APIView):
        authentication_classes = (FromMiddleware,)  # type: ignore[assignment]

        def get(self, request: Any) -> Response:
            return Response("secret")

    assert ask(Bare.as_view(), SUPERADMIN).status_code == 403
    assert ask(Bare.as_view(), NOBODY).status_code == 401


@page("todos.view_todo", post="todos.change_todo")
def todo_page(request: HttpRequest, number: int = 1) -> HttpResponse:
    """A page that services say no to for some numbers."""
    if number == 404:
        raise NotFoundError("todo.not_found", "no")
    if number == 403:
        raise ForbiddenError("todo.locked", "no")
    return HttpResponse(f"todo {number}")


@page("core.view_page")
def open_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


@pytest.mark.req("F32")
def test_pages_send_strangers_to_log_in_and_back() -> None:
    answer = ask(todo_page, NOBODY, address="/todos/?page=2&x=ab")
    assert answer.status_code == 302
    assert answer["Location"] == "/login/?next=/todos/%3Fpage%3D2%26x%3Dab"
    answer = ask(todo_page, NOBODY, "post", address="/todos/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/")
    answer = ask(todo_page, NOBODY, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/login/")


def test_pages_follow_the_matrix() -> None:
    assert ask(todo_page, SUBSCRIBER).content == b"todo 1"
    assert ask(todo_page, SUBSCRIBER, "head").status_code == 200
    with pytest.raises(PermissionDenied):
        ask(todo_page, SUBSCRIBER, "post")
    assert ask(todo_page, SUPERADMIN, "post").status_code == 200
    assert ask(todo_page, SUPERADMIN, "delete").status_code == 405
    assert ask(open_page, NOBODY).status_code == 200
    assert ask(open_page, NOBODY, "post").status_code == 405
    with pytest.raises(PermissionDenied):
        ask(todo_page, SUPERADMIN, number=403)
    with pytest.raises(Http404):
        ask(todo_page, SUPERADMIN, number=404)
    with pytest.raises(PermissionDenied):
        ask(page("todos.lost_row")(open_page), SUPERADMIN)


def test_links_are_shown_to_who_may_follow_them() -> None:
    request = RequestFactory().get("/")
    request.actor = SUBSCRIBER  # type: ignore[attr-defined]
    assert may(request, "todos.view_todo")
    assert not may(request, "todos.change_todo")


class TodoAdmin(MatrixAdminMixin):
    access = {"view": "todos.view_todo", "change": "todos.change_todo"}


class Site(MatrixSiteMixin):
    access = {"view": "todos.change_todo"}


@pytest.mark.req("F32", "F29")
def test_the_admin_follows_the_matrix_and_not_is_superuser() -> None:
    request = RequestFactory().get("/admin/")
    admin = TodoAdmin()
    request.actor = SUPERADMIN  # type: ignore[attr-defined]
    assert admin.has_module_permission(request)
    assert admin.has_view_permission(request)
    assert admin.has_change_permission(request)
    assert not admin.has_add_permission(request), "not declared"
    assert not admin.has_delete_permission(request)
    assert Site().has_permission(request)
    request.actor = SUBSCRIBER  # type: ignore[attr-defined]
    assert not admin.has_view_permission(request), "OWN is not enough for a list of all"
    assert not admin.has_change_permission(request)
    assert not Site().has_permission(request)
    assert not MatrixSiteMixin().has_permission(request)


def test_topics() -> None:
    topics.register_topic("market", "todos.view_todo")
    topics.register_topic("lost", "todos.lost_row")
    assert topics.may_subscribe(SUBSCRIBER, "market:ETH-BTC")
    assert not topics.may_subscribe(NOBODY, "market:ETH-BTC")
    assert not topics.may_subscribe(SUPERADMIN, "lost")
    assert not topics.may_subscribe(SUPERADMIN, "unheard-of")
    with pytest.raises(ValueError, match="another permission"):
        topics.register_topic("market", "todos.change_todo")
    assert [(route.path, route.problem) for route in all_routes() if route.kind is Kind.TOPIC] == [
        ("lost", "no such permission: todos.lost_row"),
        ("market", ""),
    ]


def bare_page(request: HttpRequest) -> HttpResponse:
    """Somebody forgot."""
    return HttpResponse("secret")


def by_hand(request: HttpRequest) -> HttpResponse:
    """Declares what it does not check."""
    return HttpResponse("secret")


by_hand.access = {"get": "todos.view_todo"}  # type: ignore[attr-defined]


class Unguarded(ViewSet):
    permission_classes = (AllowAny,)
    access = {"list": "todos.view_todo"}

    def list(self, request: Any) -> Response:
        return Response("secret")


@pytest.mark.req("F32")
def test_every_way_to_forget_is_reported() -> None:
    patterns = [
        path("bare/", bare_page),
        path("by-hand/", by_hand),
        path("good/<int:number>/", todo_page),
        path("unguarded/", Unguarded.as_view({"get": "list"})),
        path("todos/<uuid:pk>/", DETAIL),
        path("todos/<uuid:pk>/finish/", Todos.as_view({"post": "finish"})),
    ]
    found = {(route.method, route.path): route for route in routes_of(list(patterns), Host.TENANT)}
    assert found["GET", "/bare/"].problem == "no permission declared"
    assert found["GET", "/by-hand/"].problem == "declares todos.view_todo, but nothing checks it"
    assert found["GET", "/unguarded/"].problem == "declares todos.view_todo, but nothing checks it"
    assert found["DELETE", "/todos/{pk}/"].problem == "no permission declared"
    assert found["POST", "/todos/{pk}/finish/"].problem == "no such permission: todos.missing_row"
    assert found["PATCH", "/todos/{pk}/"].problem == ""
    assert found["PATCH", "/todos/{pk}/"].action == "partial_update"
    assert found["POST", "/good/{number}/"].permission == "todos.change_todo"
    assert found["GET", "/good/{number}/"].permission == "todos.view_todo"
    assert len(found) == 9


def test_third_party_views_are_assigned_by_name_and_open_only() -> None:
    name = f"{by_hand.__module__}.bare_page"
    assign(name, {"get": "core.view_page"})
    assert routes_of([path("bare/", bare_page)], Host.TENANT)[0].problem == ""
    assign(name, {"get": "todos.view_todo"})
    assert "nothing checks it" in routes_of([path("bare/", bare_page)], Host.TENANT)[0].problem


def test_a_route_has_a_stable_name() -> None:
    route = Route(Host.TENANT, "/api/v1/members/{pk}/", "GET", Kind.API, "members.view_member", "x")
    assert route.key == "tenant GET /api/v1/members/{pk}/"


class TestRealRoutes:
    """On the real URLconfs and the real rows."""

    @pytest.fixture(autouse=True)
    def _rows(self) -> None:
        """Not the little catalogue of this module."""

    @pytest.mark.req("F32")
    def test_every_route_of_both_hosts_has_its_permission(self) -> None:
        assert problems() == []
        assert {route.host for route in all_routes()} == {Host.PLATFORM, Host.TENANT}


@pytest.mark.req("S4-83")
def test_a_page_that_is_asked_too_often_is_a_429_and_what_cannot_be_done_now_a_503() -> None:
    errors = {
        429: TooManyRequestsError("throttled", "Wait.", retry_after=7),
        503: UnavailableError("x", "Later."),
    }
    for status, error in errors.items():

        @page("core.view_page")
        def view(request: HttpRequest, error: Exception = error) -> HttpResponse:
            raise error

        answer = ask(view, NOBODY, headers={"accept": "text/html"})
        assert answer.status_code == status
        assert b"<html" in answer.content
        assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)
