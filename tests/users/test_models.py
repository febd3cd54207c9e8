"""User as S4 describes it, under decisions C3, C4, C6 and C7."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import Role, Session, User

Person = Callable[[str], User]


@pytest.mark.req("S4-18", "S4-19", "C3")
def test_roles_and_their_labels(db: None) -> None:
    assert {str(value): str(label) for value, label in User.Roles.choices} == {
        "superadmin": "SuperAdmin",
        "admin": "Admin",
        "auditor": "Auditor",
        "tenant_owner": "Tenant Owner",
        "subscriber": "Subscriber",
    }
    field = User._meta.get_field("role")
    assert (field.max_length, field.default, field.db_index) == (20, Role.SUBSCRIBER, True)
    assert field.help_text
    assert User.objects.create_user("nina", "Nina@Example.com", "x").role == "subscriber"


@pytest.mark.req("S4-20", "S4-21", "S4-22", "S4-23", "S4-24", "S4-25", "S4-26")
def test_fields() -> None:
    lengths = {"phone_number": 20, "company": 100, "location": 100}
    for name, length in lengths.items():
        field = User._meta.get_field(name)
        assert (field.max_length, field.blank) == (length, True)
    kinds = {"bio": "TextField", "url": "URLField", "birth_date": "DateField"}
    for name, kind in kinds.items():
        assert User._meta.get_field(name).get_internal_type() in (kind, "CharField")
    tenant = User._meta.get_field("tenant")
    assert tenant.null and tenant.blank and tenant.db_index and tenant.remote_field.related_name == "users"
    assert User._meta.get_field("birth_date").null


@pytest.mark.req("S4-28", "S4-29", "S4-32", "C6")
@pytest.mark.parametrize(
    ("role", "staff", "superuser"),
    [
        (Role.SUPERADMIN, True, True),
        (Role.ADMIN, True, False),
        (Role.AUDITOR, False, False),
        (Role.TENANT_OWNER, False, False),
        (Role.SUBSCRIBER, False, False),
    ],
)
def test_flags_follow_the_role_and_nothing_else(db: None, role: Role, staff: bool, superuser: bool) -> None:
    unsaved = User(username="u", role=role)
    assert (unsaved.is_staff, unsaved.is_superuser) == (staff, superuser)
    user = User.objects.create_user("u", "u@example.com", "x", role=role)
    user.is_staff = not staff
    user.save()
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser) == (staff, superuser)
    assert User.objects.filter(pk=user.pk, is_staff=staff, is_superuser=superuser).exists()


@pytest.mark.req("C6")
def test_create_superuser_sets_the_role(db: None) -> None:
    user = User.objects.create_superuser("root", "root@example.com", "x")
    user.refresh_from_db()
    assert (user.role, user.is_superuser, user.is_staff) == ("superadmin", True, True)


@pytest.mark.req("S4-27", "C7")
def test_password_updated_changes_with_the_password_only(person: Person) -> None:
    user = person("trader@acme")
    before = user.password_updated
    user.bio = "new"
    user.save()
    user.refresh_from_db()
    assert user.password_updated == before
    user.set_password("another-Passw0rd!")
    user.save()
    user.refresh_from_db()
    assert user.password_updated is not None and (before is None or user.password_updated > before)


@pytest.mark.req("S4-30", "S4-31", "S4-80")
def test_order_and_indexes(db: None) -> None:
    assert User._meta.ordering == ("username",)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'users_user'")
        definitions = " ".join(row[0] for row in cursor.fetchall())
    for columns in ("(role, tenant_id)", "(role)", "(tenant_id)", "(email)"):
        assert columns in definitions


@pytest.mark.req("S4-33")
def test_a_tenant_with_users_cannot_be_deleted(acme: Tenant) -> None:
    with pytest.raises(ProtectedError), transaction.atomic():
        acme.delete()
    assert Tenant.objects.filter(pk=acme.pk).exists()


@pytest.mark.req("S3-109")
def test_passwords_are_hashed_with_pbkdf2(settings) -> None:
    from config.settings import base

    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS
    user = User(username="u")
    user.set_password("secret-Passw0rd!")
    assert user.password.startswith("pbkdf2_sha256$") and "secret" not in user.password


def test_a_tenant_sees_its_people_without_their_secrets(acme: Tenant, person: Person) -> None:
    trader = person("trader@acme")
    with tenant_context(acme):
        seen = User.objects.get(pk=trader.pk)
        assert "password" in seen.get_deferred_fields()
        assert not User.objects.filter(email__endswith="globex.example.com").exists()


def test_session_rows_are_the_platforms(acme: Tenant, person: Person) -> None:
    with platform_context():
        session = Session.objects.create(
            user=person("trader@acme"), tenant=acme, kind="api", expires_at=timezone.now()
        )
    assert isinstance(session.pk, uuid.UUID) and session.pk.version == 7
