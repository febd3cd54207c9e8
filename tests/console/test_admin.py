"""The superadmin's site: the matrix at its door, services behind its actions."""

from __future__ import annotations

import pytest

from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.support.pages import visitor

PAGES = [
    "", "tenants/tenant/", "users/user/", "tenants/membership/", "configuration/optionvalue/",
    "configuration/optionvalue/option/users.self_registration/", "configuration/optionchange/",
]  # fmt: skip


@pytest.mark.req("S2-29")
@pytest.mark.parametrize("who", ["superadmin", "admin", "auditor"])
@pytest.mark.parametrize("path", PAGES)
def test_staff_and_auditors_open_every_page(acme: Tenant, who: str, path: str) -> None:
    answer = visitor(None, who).get(f"/admin/{path}")
    assert answer.status_code == 200
    assert b"Acme Trading Club" in answer.content or not path.startswith("tenants/")


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_our_log_in(acme: Tenant, path: str) -> None:
    answer = visitor().get(f"/admin/{path}", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login/?next=%2Fadmin%2F")


def test_an_owner_is_no_staff_even_on_the_platform(acme: Tenant, password: str) -> None:
    client = visitor()
    client.post("/login/", {"login": "owner@acme.example.com", "password": password})
    answer = client.get("/admin/tenants/tenant/", follow=True)
    assert answer.status_code == 403
    assert b"acme" not in answer.content.lower()


@pytest.mark.parametrize("path", ["/admin/", "/admin/tenants/tenant/", "/admin/login/"])
def test_a_tenants_host_has_no_admin(acme: Tenant, path: str) -> None:
    assert visitor("acme", "owner").get(path).status_code == 404


def test_no_password_hash_is_shown(acme: Tenant) -> None:
    user = User.objects.get(email="owner@acme.example.com")
    page = visitor(None, "superadmin").get(f"/admin/users/user/{user.pk}/change/").content.decode()
    assert "owner@acme.example.com" in page
    with platform_context():
        stored = User.objects.values_list("password", flat=True).get(pk=user.pk)
    assert stored not in page
    assert stored.split("$")[0] not in page


@pytest.mark.parametrize("model", ["tenants/tenant", "users/user", "tenants/membership"])
def test_rows_are_only_looked_at(acme: Tenant, model: str) -> None:
    client = visitor(None, "superadmin")
    row = {"tenants/tenant": acme, "users/user": User.objects.first(), "tenants/membership": None}[model]
    assert client.get(f"/admin/{model}/add/").status_code == 403
    if row is not None:
        assert client.post(f"/admin/{model}/{row.pk}/change/", {"name": "x"}).status_code == 403
        assert client.post(f"/admin/{model}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def state_of(tenant: Tenant) -> tuple[str, bool, str]:
    with platform_context():
        fresh = Tenant.objects.get(pk=tenant.pk)
    return fresh.state, fresh.is_active, fresh.state_reason


@pytest.mark.req("C29")
@pytest.mark.django_db(transaction=True)
def test_a_tenant_is_suspended_and_reactivated_with_a_reason() -> None:
    acme = Tenant.objects.get(slug="acme")
    client = visitor(None, "superadmin")
    path = f"/admin/tenants/tenant/{acme.pk}/state/"
    asked = client.get(path)
    assert b'value="suspended"' in asked.content and b'value="frozen"' not in asked.content
    without = client.post(path, {"state": "suspended", "reason": " "})
    assert without.status_code == 200 and state_of(acme)[0] == "active"
    assert client.post(path, {"state": "frozen", "reason": "skips a step"}).status_code == 200
    assert state_of(acme) == ("active", True, "")
    done = client.post(path, {"state": "suspended", "reason": "unpaid"})
    assert done.status_code == 302
    assert state_of(acme) == ("suspended", False, "unpaid")
    closed = visitor("acme").get("/")
    assert closed.status_code == 503 and b"suspended" in closed.content
    assert client.post(path, {"state": "active", "reason": "paid"}).status_code == 302
    assert visitor("acme").get("/login/").status_code == 200


def test_an_auditor_changes_nothing(acme: Tenant) -> None:
    client = visitor(None, "auditor")
    answer = client.post(f"/admin/tenants/tenant/{acme.pk}/state/", {"state": "suspended", "reason": "x"})
    assert answer.status_code == 200
    assert state_of(acme) == ("active", True, "")
    user = User.objects.get(email="trader@acme.example.com")
    client.post(f"/admin/users/user/{user.pk}/activation/")
    user.refresh_from_db()
    assert user.is_active


@pytest.mark.django_db(transaction=True)
def test_an_account_is_turned_off_and_its_sessions_end() -> None:
    user = User.objects.get(email="trader@acme.example.com")
    theirs = visitor("acme", "trader")
    client = visitor(None, "superadmin")
    path = f"/admin/users/user/{user.pk}/activation/"
    assert b"Deactivate" in client.get(path).content
    assert client.post(path).status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    assert theirs.get("/").status_code == 302
    client.post(path)
    user.refresh_from_db()
    assert user.is_active


@pytest.mark.parametrize("path", ["/admin/", "/", "/login/"])
def test_only_the_admin_has_the_wider_policy(acme: Tenant, path: str) -> None:
    policy = visitor(None, "superadmin").get(path).headers["Content-Security-Policy"]
    assert ("unsafe-inline" in policy) is path.startswith("/admin/")
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
