"""``tenants/`` over HTTP: S4's view set as written, sign-up, and who gets which answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework import status
from rest_framework.test import APITestCase

from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Domain, Tenant
from shared_apps.tenants.permissions import IsSuperAdminOrAdmin, IsTenantOwnerOrAdmin
from shared_apps.users.models import User
from tenant_apps.members.models import Member

pytestmark = pytest.mark.django_db(databases=["default", "owner"])
TENANTS = "/api/v1/tenants/"
FIELDS = {
    "id", "name", "slug", "email", "url", "description", "is_active", "uuid", "created_at", "updated_at",
    "user_count",
}  # fmt: skip
LogIn = Callable[..., Client]


def send(client: Client, method: str, address: str, body: Any = None) -> Any:
    return getattr(client, method)(address, body, content_type="application/json")


def stored() -> list[Any]:
    return list(Tenant.objects.order_by("pk").values())


@pytest.mark.req("S4-84", "S4-34", "S4-35", "S4-40", "S4-42")
class TenantModelTest(APITestCase):
    """S4's model test as written; a tenant's schema is made by the service, not by ``create``."""

    databases = {"default"}

    def setUp(self) -> None:
        self.tenant = Tenant.objects.create(name="Test Tenant", slug="test-tenant")

    def test_tenant_creation(self) -> None:
        self.assertEqual(self.tenant.name, "Test Tenant")
        self.assertTrue(self.tenant.is_active)
        self.assertIsNotNone(self.tenant.uuid)
        self.assertEqual(str(self.tenant), "Test Tenant")
        self.assertEqual(Tenant._meta.ordering, ("name",))


@pytest.mark.req("S4-85", "C39")
class TenantAPITest(APITestCase):
    """S4's API test as written, but for the host: the platform's (decision C5)."""

    databases = {"default", "owner"}

    def setUp(self) -> None:
        self.client.defaults["HTTP_HOST"] = "localhost"
        self.user = User.objects.create_user(
            username="another-admin",
            email="another@example.com",
            password="password",
            role=User.Roles.SUPERADMIN,
        )
        self.client.force_authenticate(user=self.user)

    def test_create_tenant(self) -> None:
        data = {"name": "New Tenant", "slug": "new-tenant", "email": "tenant@example.com"}
        response = self.client.post("/api/v1/tenants/", data)
        self.assertEqual(response.status_code, status.HTTP_201_CREATED)
        tenant = Tenant.objects.get(slug="new-tenant")
        self.assertEqual(response.json()["uuid"], str(tenant.uuid))
        self.assertTrue(Domain.objects.filter(tenant=tenant, domain="new-tenant.localhost").exists())
        with tenant_context(tenant):
            self.assertEqual(Member.objects.count(), 0)


@pytest.mark.req("S4-59", "S4-63", "S4-81", "F3")
@pytest.mark.parametrize("key", ["superadmin", "admin", "auditor"])
def test_staff_and_auditors_see_all_with_exactly_the_fields(log_in: LogIn, key: str) -> None:
    body = log_in(key).get(TENANTS).json()
    assert [row["slug"] for row in body["results"]] == ["acme", "globex"]
    assert set(body["results"][0]) == FIELDS
    assert [row["user_count"] for row in body["results"]] == [7, 7]


@pytest.mark.req("S4-60", "C14")
def test_an_owner_sees_and_edits_the_home_tenant_only(log_in: LogIn, acme: Tenant, globex: Tenant) -> None:
    owner, before = log_in("owner@acme"), stored()
    assert [row["slug"] for row in owner.get(TENANTS).json()["results"]] == ["acme"]
    assert owner.get(f"{TENANTS}{acme.pk}/").status_code == 200
    assert owner.get(f"{TENANTS}{globex.pk}/").status_code == 404
    assert send(owner, "patch", f"{TENANTS}{globex.pk}/", {"description": "x"}).status_code == 404
    assert send(owner, "post", TENANTS, {"name": "Mine", "slug": "mine"}).status_code == 403
    assert send(owner, "post", f"{TENANTS}{acme.pk}/suspend/", {"reason": "x"}).status_code == 403
    assert send(owner, "post", f"{TENANTS}{globex.pk}/suspend/", {"reason": "x"}).status_code == 404
    assert send(owner, "delete", f"{TENANTS}{acme.pk}/").status_code == 405
    assert stored() == before
    answer = send(owner, "patch", f"{TENANTS}{acme.pk}/", {"description": "A club", "url": None})
    assert (answer.status_code, answer.json()["description"]) == (200, "A club")


@pytest.mark.req("S4-61", "C14")
def test_a_subscriber_has_no_access(log_in: LogIn, acme: Tenant) -> None:
    subscriber, before = log_in("trader@acme"), stored()
    body = subscriber.get(TENANTS).json()
    assert (body["count"], body["results"]) == (0, [])
    for method, address in (
        ("get", f"{TENANTS}{acme.pk}/"),
        ("patch", f"{TENANTS}{acme.pk}/"),
        ("put", f"{TENANTS}{acme.pk}/"),
        ("post", f"{TENANTS}{acme.pk}/suspend/"),
    ):
        assert send(subscriber, method, address).status_code == 404, method
    assert send(subscriber, "post", TENANTS, {"name": "Mine", "slug": "mine"}).status_code == 403
    assert stored() == before


@pytest.mark.req("S4-68")
def test_nobody_gets_401(client_of: Any, acme: Tenant) -> None:
    client, before = client_of(), stored()
    for method, address in (
        ("get", TENANTS), ("post", TENANTS), ("get", f"{TENANTS}{acme.pk}/"), ("patch", f"{TENANTS}{acme.pk}/"),
        ("post", f"{TENANTS}{acme.pk}/suspend/"), ("get", f"{TENANTS}me/"),
    ):  # fmt: skip
        answer = send(client, method, address)
        assert (answer.status_code, answer.json()["status_code"]) == (401, 401), (method, address)
    assert stored() == before


@pytest.mark.req("S4-62", "C41")
def test_me_on_both_hosts(log_in: LogIn) -> None:
    for client in (log_in("trader@acme"), log_in("trader@acme", host="acme")):
        body = client.get(f"{TENANTS}me/").json()
        assert set(body) == FIELDS
        assert (body["slug"], body["user_count"]) == ("acme", 7)
    answer = log_in("superadmin").get(f"{TENANTS}me/")
    assert answer.status_code == 404
    body = answer.json()
    assert body["error"] is True
    assert body["message"] == "No tenant assigned"
    assert body["details"] == {"detail": "No tenant assigned"}
    assert body["code"] == "tenant.none_assigned"


@pytest.mark.req("C5")
def test_the_list_lives_on_the_platforms_host_only(log_in: LogIn, acme: Tenant) -> None:
    owner = log_in("owner@acme", host="acme")
    assert owner.get(TENANTS).status_code == 404
    assert owner.get(f"{TENANTS}{acme.pk}/").status_code == 404
    assert send(owner, "post", f"{TENANTS}sign-up/", {}).status_code == 404


@pytest.mark.req("S4-81")
def test_the_list_takes_the_same_statements_for_one_row_and_for_two(log_in: LogIn) -> None:
    superadmin = log_in("superadmin")
    superadmin.get(TENANTS)
    counts = []
    for query in ({"slug": "acme"}, {}):
        with CaptureQueriesContext(connection) as captured:
            assert superadmin.get(TENANTS, query).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] == 2


@pytest.mark.req("S4-59", "F3")
def test_an_admin_changes_everything_of_a_tenant(log_in: LogIn, acme: Tenant, client_of: Any) -> None:
    admin, address = log_in("admin"), f"{TENANTS}{acme.pk}/"
    whole = admin.get(address).json()
    answer = send(admin, "put", address, {**whole, "name": "Acme & Sons", "email": "hello@acme.example"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Acme & Sons")
    answer = send(admin, "patch", address, {"slug": "acme-two", "uuid": str(uuid.uuid4()), "id": 99})
    assert answer.status_code == 200, answer.content
    assert answer.json()["uuid"] == whole["uuid"]
    assert Domain.objects.get(tenant=acme).domain == "acme-two.localhost"
    assert client_of("acme").get(f"{TENANTS}me/").status_code == 404
    assert client_of("acme-two").get(f"{TENANTS}me/").status_code == 401


@pytest.mark.req("S4-60")
@pytest.mark.parametrize(("field", "value"), [("slug", "mine-now"), ("is_active", False)])
def test_what_only_staff_may_change(log_in: LogIn, acme: Tenant, field: str, value: Any) -> None:
    owner, before = log_in("owner@acme"), stored()
    answer = send(owner, "patch", f"{TENANTS}{acme.pk}/", {field: value, "description": "x"})
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])
    assert answer.json()["code"] == "tenant.staff_only"
    assert stored() == before
    same = {"slug": "acme", "is_active": True, "description": "y"}
    assert send(owner, "patch", f"{TENANTS}{acme.pk}/", same).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Acme Trading Club", "slug": "other"}, "name"),
        ({"name": "Other", "slug": "acme"}, "slug"),
        ({"name": "Other", "slug": "Ac me"}, "slug"),
        ({"name": "Other", "slug": "admin"}, "slug"),
        ({"name": "Other", "slug": "pg_x"}, "slug"),
        ({"name": "Other", "slug": "a--b"}, "slug"),
        ({"name": "", "slug": "other"}, "name"),
        ({"name": "Other", "slug": "other", "email": "nobody"}, "email"),
        ({"name": "Other", "slug": "other", "url": "javascript:alert(1)"}, "url"),
        ({"slug": "other"}, "name"),
    ],
)
def test_a_bad_tenant_names_field_and_writes_nothing(log_in: LogIn, body: Any, field: str) -> None:
    superadmin, before = log_in("superadmin"), stored()
    answer = send(superadmin, "post", TENANTS, body)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field]), answer.content
    assert stored() == before


@pytest.mark.req("F5")
def test_suspended_and_back(log_in: LogIn, acme: Tenant, client_of: Any) -> None:
    admin, address = log_in("admin"), f"{TENANTS}{acme.pk}/"
    missing = send(admin, "post", f"{address}suspend/", {})
    assert (missing.status_code, list(missing.json()["details"])) == (400, ["reason"])
    answer = send(admin, "post", f"{address}suspend/", {"reason": "unpaid"})
    assert answer.status_code == 200
    assert {key: answer.json()[key] for key in ("state", "state_reason", "is_active")} == {
        "state": "suspended", "state_reason": "unpaid", "is_active": False,
    }  # fmt: skip
    assert client_of("acme").get(f"{TENANTS}me/").status_code == 503
    again = send(admin, "post", f"{address}suspend/", {"reason": "unpaid"})
    assert (again.status_code, again.json()["code"]) == (400, "tenant.illegal_step")
    assert send(admin, "post", f"{address}reactivate/", {"reason": "paid"}).json()["state"] == "active"
    assert client_of("acme").get(f"{TENANTS}me/").status_code == 401
    assert send(admin, "patch", address, {"is_active": False}).json()["is_active"] is False
    acme.refresh_from_db()
    assert acme.state == "suspended"


@pytest.mark.req("S4-66", "S4-67")
class TestNamedPermissionClasses:
    """S4's two classes, made from the matrix."""

    @staticmethod
    def ask(user: User, obj: Any) -> tuple[bool, bool]:
        from rest_framework.test import APIRequestFactory, force_authenticate
        from rest_framework.views import APIView

        from shared_apps.access.actors import Actor

        answers: list[tuple[bool, bool]] = []

        class Probe(APIView):
            access = {"get": "tenants.view_own_tenant"}
            permission_classes = ()

            def get(self, request: Any) -> Any:
                from rest_framework.response import Response

                answers.append(
                    (
                        IsSuperAdminOrAdmin().has_permission(request, self),
                        IsTenantOwnerOrAdmin().has_object_permission(request, self, obj),
                    )
                )
                return Response()

        request = APIRequestFactory().get("/")
        request.actor = Actor.anonymous()
        force_authenticate(request, user=user)
        Probe.as_view()(request)
        return answers[0]

    @pytest.mark.parametrize(
        ("key", "staff", "own", "other"),
        [
            ("superadmin", True, True, True),
            ("admin", True, True, True),
            ("auditor", False, False, False),
            ("owner@acme", False, True, False),
            ("trader@acme", False, False, False),
        ],
    )
    def test_by_role(
        self, person: Any, acme: Tenant, globex: Tenant, key: str, staff: bool, own: bool, other: bool
    ) -> None:
        assert self.ask(person(key), acme) == (staff, own)
        assert self.ask(person(key), globex) == (staff, other)
        assert self.ask(person(key), person("trader@acme")) == (staff, own)  # anything with a tenant_id
