"""Personal API tokens: made and shown once, bound to a host, never more than their owner."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from audit.models import AuditEntry, AuditLog
from shared_apps.access.actors import Actor, forget_all_actors
from shared_apps.access.catalogue import Relation, can
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users import principals
from shared_apps.users.models import ApiToken, User
from tenant_apps.members.models import Member
from tenant_apps.members.services import add_member
from tests.support.pages import visitor
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
pytestmark = pytest.mark.req("S0-20", "F22")


def make(door: Api, scopes: list[str], **more: Any) -> str:
    answer = door.post("auth/api-tokens/", {"name": "report", "scopes": scopes, **more})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["token"])


def program(api: MakeApi, slug: str | None, token: str) -> Api:
    door = api(slug)
    door.token = token
    return door


def test_it_is_shown_once_and_kept_as_a_digest(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    answer = door.post("auth/api-tokens/", {"name": " Evening report ", "scopes": ["todos:write"]})
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    token = answer.json()["token"]
    assert token.startswith("thp_") and len(token) == 52
    listed = door.get("auth/api-tokens/").json()["results"]
    assert [(row["name"], row["prefix"], row["scopes"]) for row in listed] == [
        ("Evening report", token[:12], ["todos:write"])
    ]
    assert set(listed[0]) == {
        "id", "name", "prefix", "tenant_name", "scopes", "created_at", "expires_at", "last_used_at",
    }  # fmt: skip
    row = ApiToken.objects.get()
    assert token not in repr(row.__dict__) and row.digest == principals.digest_of(token)
    for log in (AuditEntry, AuditLog):
        assert token[12:] not in repr(list(log.objects.values()))
    with tenant_context(acme):
        told = AuditLog.objects.get(action="users.api_token_created")
    assert told.details["scopes"] == ["todos:write"] and told.details["label"] == "Evening report"
    entry = AuditEntry.objects.get(object_pk=str(row.pk))
    assert entry.changes["digest"] == [None, "***"] and entry.actor_id == row.user_id


def test_a_program_reads_and_writes_within_its_scopes(acme: Tenant, api: MakeApi) -> None:
    owner = api("acme", "trader")
    reader = program(api, "acme", make(owner, ["todos:read"]))
    writer = program(api, "acme", make(owner, ["todos:write"]))
    assert writer.post("todos/", {"title": "by the program"}).status_code == 201
    assert [row["title"] for row in reader.get("todos/").json()["results"]] == ["by the program"]
    refused = reader.post("todos/", {"title": "more"})
    assert refused.status_code == 403
    assert (refused.json()["code"], refused.json()["details"]) == (
        "api_token.out_of_scope",
        {"scope": "todos:write"},
    )
    other_area = writer.get("trading/orders/")
    assert other_area.status_code == 403 and other_area.json()["details"] == {"scope": "trading:read"}
    assert owner.get("todos/").json()["count"] == 1


def test_who_it_stands_for_can_be_asked(acme: Tenant, api: MakeApi) -> None:
    token = make(api("acme", "trader"), ["todos:read"])
    answer = program(api, "acme", token).get("auth/user/")
    assert answer.json()["email"] == "trader@acme.example.com"


@pytest.mark.req("F25")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "auth/password/change/", {"old_password": "demo-Passw0rd!", "new_password1": "x-New-1234",
                                           "new_password2": "x-New-1234"}),
        ("patch", "auth/user/", {"bio": "x"}),
        ("post", "auth/api-tokens/", {"name": "more", "scopes": ["todos:read"]}),
        ("get", "auth/api-tokens/", None),
        ("delete", "auth/sessions/", None),
        ("post", "auth/ws-ticket/", {}),
    ],
)  # fmt: skip
def test_identity_refuses_tokens(
    acme: Tenant, api: MakeApi, person: Callable[[str], User], method: str, path: str, body: Any
) -> None:
    owner = api("acme", "owner")
    token = make(owner, [scope for area in owner.get("auth/api-tokens/scopes/").json()
                         for scope in area["scopes"]])  # fmt: skip
    before = User.objects.filter(email="owner@acme.example.com").values().get()
    answer = getattr(program(api, "acme", token), method)(path, *([] if body is None else [body]))
    assert answer.status_code == 403, answer.content
    assert answer.json()["code"] == "api_token.refused"
    assert User.objects.filter(email="owner@acme.example.com").values().get() == before
    assert ApiToken.objects.count() == 1


def test_a_token_is_never_more_than_its_owner_now(
    acme: Tenant, api: MakeApi, person: Callable[[str], User]
) -> None:
    """A capability that the owner loses is gone from the token, too; without a new token it stays gone."""
    door = program(api, "acme", make(api("acme", "staff"), ["members:write", "todos:write"]))
    assert door.get("members/").json()["count"] == 7
    with tenant_context(acme):
        target = Member.objects.get(user_id=person("buyer@acme").pk)
        mine = Member.objects.filter(user_id=person("staff@acme").pk)
    assert door.get(f"members/{target.pk}/").status_code == 200
    invited = {"email": "new@example.com", "capabilities": []}
    assert door.post("invitations/", invited).status_code == 201
    with tenant_context(acme):
        mine.update(capabilities=["buyer"])
    forget_all_actors()
    assert door.get("members/").json()["count"] == 1
    assert door.get(f"members/{target.pk}/").status_code == 404
    assert door.post("invitations/", {**invited, "email": "more@example.com"}).status_code == 403


@pytest.mark.parametrize(
    "scope", ["trading:write", "users:write", "factors:read", "console:read", "nothing", ""]
)
def test_only_what_one_may_oneself_can_be_given(acme: Tenant, api: MakeApi, scope: str) -> None:
    door = api("acme", "buyer")
    answer = door.post("auth/api-tokens/", {"name": "x", "scopes": ["todos:read", scope]})
    assert answer.status_code == 400
    assert "scopes" in answer.json()["details"]
    assert ApiToken.objects.count() == 0


def test_scopes_on_offer(acme: Tenant, api: MakeApi) -> None:
    found = {
        area["area"]: area["scopes"] for area in api("acme", "auditor").get("auth/api-tokens/scopes/").json()
    }
    assert found["audit"] == ["audit:read"]
    assert not {"users", "factors", "console"} & set(found)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name": "  "}, "name"), ({"name": "x" * 101}, "name"), ({"scopes": []}, "scopes"),
     ({"expires_in_days": 0}, "expires_in_days"), ({"expires_in_days": 367}, "expires_in_days"),
     ({"scopes": "todos:read"}, "scopes")],
)  # fmt: skip
def test_wrong_input_names_its_field(acme: Tenant, api: MakeApi, changes: dict[str, Any], field: str) -> None:
    body = {"name": "x", "scopes": ["todos:read"], **changes}
    answer = api("acme", "trader").post("auth/api-tokens/", body)
    assert answer.status_code == 400 and set(answer.json()["details"]) == {field}
    assert ApiToken.objects.count() == 0


def test_writing_includes_reading(acme: Tenant, api: MakeApi) -> None:
    make(api("acme", "trader"), ["todos:write", "todos:read", "trading:read"])
    assert ApiToken.objects.get().scopes == ["todos:write", "trading:read"]


@pytest.mark.req("F21")
def test_it_holds_on_one_host(
    acme: Tenant, globex: Tenant, api: MakeApi, person: Callable[[str], User]
) -> None:
    """Attack table, row 1, for tokens that are no JWT: a member of both tenants, a token of one."""
    Membership.objects.create(user=person("trader@acme"), tenant=globex)
    with tenant_context(globex):
        add_member(actor=Actor.system("test", globex.schema_name), user=person("trader@acme"))
    token = make(api("acme", "trader"), ["todos:read"])
    assert program(api, "acme", token).get("todos/").status_code == 200
    for slug in ("globex", None):
        refused = program(api, slug, token).get("auth/user/")
        assert refused.status_code == 401 and refused.json()["code"] == "api_token_not_valid"


def test_expired_revoked_unknown_and_of_a_member_who_left(
    acme: Tenant, api: MakeApi, person: Callable[[str], User]
) -> None:
    owner = api("acme", "trader")
    token = make(owner, ["todos:read"])
    door = program(api, "acme", token)
    row = ApiToken.objects.filter(digest=principals.digest_of(token))

    def status() -> int:
        principals.forget_everybody()
        return int(door.get("todos/").status_code)

    assert status() == 200
    row.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert status() == 401
    row.update(expires_at=timezone.now() + timedelta(days=1))
    assert status() == 200
    members = Membership.objects.filter(user=person("trader@acme"), tenant=acme)
    members.update(is_active=False)
    assert status() == 401
    members.update(is_active=True)
    assert status() == 200
    door.token = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert status() == 401
    door.token = token
    row_id = owner.get("auth/api-tokens/").json()["results"][0]["id"]
    assert door.get("todos/").status_code == 200  # and is remembered now
    assert owner.delete(f"auth/api-tokens/{row_id}/").status_code == 204
    assert door.get("todos/").status_code == 401  # at once, from the same process
    assert owner.get("auth/api-tokens/").json()["count"] == 0
    assert owner.delete(f"auth/api-tokens/{row_id}/").status_code == 404


def test_nobody_revokes_anothers(acme: Tenant, api: MakeApi) -> None:
    make(api("acme", "trader"), ["todos:read"])
    row = ApiToken.objects.get()
    answer = api("acme", "owner").delete(f"auth/api-tokens/{row.pk}/")
    assert answer.status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None


def test_the_last_use_is_written_at_most_every_ten_minutes(acme: Tenant, api: MakeApi) -> None:
    door = program(api, "acme", make(api("acme", "trader"), ["todos:read"]))
    assert ApiToken.objects.get().last_used_at is None
    door.get("todos/")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    principals.forget_everybody()
    door.get("todos/")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=11))
    principals.forget_everybody()
    door.get("todos/")
    assert ApiToken.objects.get().last_used_at > first


def test_a_remembered_token_costs_no_query_of_its_own(
    acme: Tenant, api: MakeApi, django_assert_num_queries: Any
) -> None:
    owner = api("acme", "trader")
    token = make(owner, ["todos:read"])
    door = program(api, "acme", token)
    door.get("auth/api-tokens/")
    with django_assert_num_queries(0):
        assert door.get("auth/api-tokens/").status_code == 403


def test_a_password_reset_ends_them(acme: Tenant, api: MakeApi, person: Callable[[str], User]) -> None:
    door = program(api, "acme", make(api("acme", "trader"), ["todos:read"]))
    assert door.get("todos/").status_code == 200
    superadmin = api(None, "superadmin")
    user = person("trader@acme")
    answer = superadmin.patch(f"users/{user.pk}/", {"password": "brand-New-1234"})
    assert answer.status_code == 200, answer.content
    assert door.get("todos/").status_code == 401
    assert ApiToken.objects.get().revoked_at is not None


def test_scopes_bound_the_matrix() -> None:
    """`can` answers for a token by its scopes; what is open to everybody stays open."""
    owner = Actor(
        user_id=1, tenant_schema="t_x", member_id=uuid4(), capabilities=frozenset({"owner"}), method="jwt"
    )
    token = owner.by_api_token(frozenset({"members:read"}))
    assert can(owner, "members.change_capabilities") is Relation.TENANT
    assert can(token, "members.change_capabilities") is None
    assert can(token, "members.view_member") == can(owner, "members.view_member")
    assert can(token, "users.sign_in") is Relation.ANYONE
    assert can(token, "todos.view_todo") is None
    assert can(token, "users.view_self") is Relation.OWN


def test_the_page_makes_shows_lists_and_revokes(acme: Tenant, api: MakeApi) -> None:
    client = visitor("acme", "trader")
    empty = client.get("/security/tokens/")
    assert empty.status_code == 200 and "No tokens yet" in empty.content.decode()
    wrong = client.post("/security/tokens/", {"name": "x", "expires_in_days": "90"})
    assert wrong.status_code == 400 and "Choose at least one area" in wrong.content.decode()
    made = client.post(
        "/security/tokens/", {"name": "<b>Report", "expires_in_days": "90", "area_todos": "read"}
    )
    text = made.content.decode()
    assert made["Cache-Control"] == "no-store"
    assert "&lt;b&gt;Report" in text and "<b>Report" not in text
    token = text.split("data-token>")[1].split("<")[0]
    assert program(api, "acme", token).get("todos/").status_code == 200
    again = client.get("/security/tokens/").content.decode()
    assert token not in again and token[:12] in again
    row = ApiToken.objects.get()
    assert client.get(f"/security/tokens/{row.pk}/revoke/").status_code == 302
    assert program(api, "acme", token).get("todos/").status_code == 200
    assert client.post(f"/security/tokens/{row.pk}/revoke/").status_code == 302
    assert program(api, "acme", token).get("todos/").status_code == 401


def test_the_platforms_page_shows_tokens_of_all_hosts(acme: Tenant, api: MakeApi) -> None:
    make(api(None, "superadmin"), ["tenants:read"])
    with platform_context():
        ApiToken.objects.create(
            user=User.objects.get(email="superadmin@example.com"), tenant=acme, name="at acme",
            prefix="thp_aaaaaaaa", digest="x", scopes=["todos:read"],
            expires_at=timezone.now() - timedelta(days=1),
        )  # fmt: skip
    text = visitor(None, "superadmin").get("/security/tokens/").content.decode()
    assert "at acme" in text and acme.name in text and "Expired" in text
