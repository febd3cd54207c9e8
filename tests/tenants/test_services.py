"""Organisations: created with schema, host and owner; refused with field and rule; moved along their cycle."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from shared_apps.core.context import tenant_context
from shared_apps.core.errors import DomainError, UnavailableError
from shared_apps.core.models import OutboxMessage
from shared_apps.tenants import hosts, provisioning, services
from shared_apps.tenants.models import Domain, Membership, SchemaState, SpareSchema, Tenant
from shared_apps.users.models import Role, User
from tenant_apps.members.models import Member

pytestmark = pytest.mark.django_db(databases=["default", "owner"])

NEW_OWNER = {
    "username": "nora",
    "email": "Nora@New.example.com",
    "password": "long-enough-1",
    "first_name": "Nora",
}


@pytest.fixture
def spare() -> SpareSchema:
    return SpareSchema.objects.order_by("id").first()


@pytest.mark.req("F3", "F4", "S4-85")
def test_sign_up_takes_a_spare_and_makes_everything_at_once(spare: SpareSchema) -> None:
    tenant = services.create_tenant(
        name="New Club", slug="new-club", new_owner=NEW_OWNER, email="a@b.example"
    )
    assert tenant.schema_name == spare.schema_name
    assert not SpareSchema.objects.filter(pk=spare.pk).exists()
    owner = User.objects.get(email="nora@new.example.com")
    assert (owner.role, owner.tenant_id) == (Role.TENANT_OWNER, tenant.pk)
    assert owner.check_password("long-enough-1")
    assert Membership.objects.filter(user=owner, tenant=tenant, is_active=True).exists()
    assert Domain.objects.get(tenant=tenant).domain == "new-club.localhost"
    assert hosts.resolve("new-club.localhost").pk == tenant.pk
    assert OutboxMessage.objects.filter(task="tenants.refill_spares").exists()
    with tenant_context(tenant):
        member = Member.objects.get()
        assert (member.user_id, member.capabilities) == (owner.pk, ["owner"])


@pytest.mark.req("F4")
@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_an_empty_pool_is_filled_by_replaying_the_template() -> None:
    with transaction.atomic():
        SpareSchema.objects.all().delete()
    tenant = services.create_tenant(name="Replayed", slug="replayed")
    assert SchemaState.objects.get(schema_name=tenant.schema_name).status == "current"
    with tenant_context(tenant):
        assert Member.objects.count() == 0


def test_without_the_owners_login_it_waits_for_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    SpareSchema.objects.all().delete()
    monkeypatch.setattr(services, "has_owner", lambda: False)
    monkeypatch.setattr(services, "_SPARE_WAIT_SECONDS", 0.2)
    with pytest.raises(UnavailableError) as error:
        services.create_tenant(name="Waits", slug="waits")
    assert error.value.code == "tenant.no_schema"
    assert OutboxMessage.objects.filter(task="tenants.refill_spares").exists()
    assert not Tenant.objects.filter(slug="waits").exists()


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"slug": "acme"}, "slug", "tenant.slug_taken"),
        ({"slug": "a, public"}, "slug", "tenant.slug_characters"),
        ({"slug": "www"}, "slug", "tenant.slug_reserved"),
        ({"slug": "ab"}, "slug", "tenant.slug_length"),
        ({"slug": "a--b"}, "slug", "tenant.slug_hyphens"),
        ({"name": "Acme Trading Club"}, "name", "tenant.name_taken"),
        ({"name": "  "}, "name", "tenant.name_length"),
        ({"new_owner": {**NEW_OWNER, "email": "trader@acme.example.com"}}, "email", "user.email_taken"),
    ],
)
def test_bad_input_names_field_and_rule_and_writes_nothing(changes: dict, field: str, code: str) -> None:
    before = (
        Tenant.objects.count(),
        User.objects.count(),
        SpareSchema.objects.count(),
        OutboxMessage.objects.count(),
    )
    with pytest.raises(DomainError) as error:
        services.create_tenant(**{"name": "Fine", "slug": "fine", "new_owner": NEW_OWNER, **changes})
    assert (error.value.field, error.value.code) == (field, code)
    assert before == (
        Tenant.objects.count(), User.objects.count(), SpareSchema.objects.count(), OutboxMessage.objects.count()
    )  # fmt: skip


@pytest.mark.req("F5", "S4-35")
def test_life_cycle(acme: Tenant) -> None:
    suspended = services.suspend_tenant(tenant_id=acme.pk, reason="unpaid")
    assert (suspended.state, suspended.is_active, suspended.state_reason) == ("suspended", False, "unpaid")
    assert hosts.resolve("acme.localhost").is_active is False
    with pytest.raises(DomainError, match="cannot become"):
        services.change_state(tenant_id=acme.pk, state="erased", reason="no")
    assert services.reactivate_tenant(tenant_id=acme.pk, reason="paid").is_active is True
    with pytest.raises(DomainError) as error:
        services.suspend_tenant(tenant_id=acme.pk, reason=" ")
    assert error.value.field == "reason"


@pytest.mark.req("F1", "F5")
def test_a_suspended_host_answers_503(acme: Tenant, client_of) -> None:
    services.suspend_tenant(tenant_id=acme.pk, reason="unpaid")
    api = client_of("acme").get("/api/v1/todos/")
    assert (api.status_code, api.json()["code"]) == (503, "tenant.suspended")
    page = client_of("acme").get("/", headers={"accept": "text/html"})
    assert page.status_code == 503 and b"<html" in page.content
    assert client_of("globex").get("/api/v1/todos/").status_code != 503


@pytest.mark.req("S4-34", "S4-36", "S4-40", "S4-41", "S4-42")
def test_model_fields() -> None:
    with transaction.atomic():
        tenant = Tenant.objects.create(name="Test Tenant", slug="test-tenant")
    assert (tenant.name, tenant.is_active, str(tenant)) == ("Test Tenant", True, "Test Tenant")
    assert tenant.uuid is not None and tenant.created_at and tenant.updated_at
    assert tenant.db_role == f"tr_{tenant.schema_name}"
    for duplicate in ({"name": "Test Tenant", "slug": "other"}, {"name": "Other", "slug": "test-tenant"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Tenant.objects.create(**duplicate)
    assert Tenant._meta.ordering == ("name",)
    with pytest.raises(IntegrityError), transaction.atomic():
        Tenant.objects.filter(pk=tenant.pk).update(is_active=False)


@pytest.mark.req("S4-33")
def test_a_tenant_with_people_cannot_be_deleted(acme: Tenant) -> None:
    with pytest.raises(ProtectedError):
        acme.delete()


def test_commands(acme: Tenant, person) -> None:
    out = StringIO()
    call_command("create_tenant", "made-here", "Made Here", owner="superadmin@example.com", stdout=out)
    assert "made-here.localhost" in out.getvalue()
    assert Membership.objects.filter(tenant__slug="made-here", user=person("superadmin")).exists()
    call_command("suspend_tenant", "made-here", reason="trial over", stdout=out)
    assert Tenant.objects.get(slug="made-here").state == "suspended"
    call_command("suspend_tenant", "made-here", reason="paid", reactivate=True, stdout=out)
    assert Tenant.objects.get(slug="made-here").is_active
    with pytest.raises(CommandError, match="slug"):
        call_command("create_tenant", "www", "Reserved")
    with pytest.raises(CommandError, match="nobody has the e-mail"):
        call_command("create_tenant", "fine", "Fine", owner="nobody@example.com")
    with pytest.raises(CommandError, match="no organisation"):
        call_command("suspend_tenant", "nowhere", reason="x")


def test_a_dropped_schema_leaves_no_role(acme: Tenant) -> None:
    schema = "t_dropmedropmedrop"
    provisioning.build_schema(schema)
    provisioning.drop_schema(schema)
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [f"tr_{schema}"])
        assert cursor.fetchone() == (0,)
    assert not SchemaState.objects.filter(schema_name=schema).exists()
