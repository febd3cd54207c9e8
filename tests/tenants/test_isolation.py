"""A tenant's role reaches its own schema and the few public rows that are its own; nothing else."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction

from shared_apps.core.context import PLATFORM, current_schema, platform_context, tenant_context
from shared_apps.core.tenant_models import WrongTenant
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member

DENIED = ("42501", "42P01")


def sqlstate_of(statement: str) -> str | None:
    """The SQLSTATE that a statement fails with, None when it succeeds."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", "?")
    return None


def test_role_and_path_follow_the_context(acme: Tenant, globex: Tenant) -> None:
    def where() -> tuple[str, str, str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, session_user, current_setting('search_path')")
            return cursor.fetchone()

    login = connection.settings_dict["USER"]
    assert where() == (f"{login}_public", login, "public")
    with tenant_context(acme):
        assert where()[0] == acme.db_role
        assert where()[2].split(",")[0].strip(' "') == acme.schema_name
        with platform_context():
            assert where()[0] == f"{login}_public"
        with tenant_context(globex):
            assert where()[0] == globex.db_role
        assert where()[0] == acme.db_role
    assert where()[0] == f"{login}_public"


def test_context_reverts_with_a_rolled_back_savepoint(acme: Tenant) -> None:
    with tenant_context(acme):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Member.objects.count()
            raise ZeroDivisionError
        assert Member.objects.exists()


@pytest.mark.req("F1", "F6")
@pytest.mark.parametrize("verb", ["read", "write", "delete", "drop", "create", "path", "truncate"])
@pytest.mark.hostile_sql
def test_foreign_schema_is_denied(acme: Tenant, globex: Tenant, verb: str) -> None:
    foreign = f'"{globex.schema_name}"'
    statement = {
        "read": f"SELECT * FROM {foreign}.members_member",
        "write": f"UPDATE {foreign}.members_member SET name = 'x'",
        "delete": f"DELETE FROM {foreign}.members_member",
        "drop": f"DROP TABLE {foreign}.members_member",
        "create": f"CREATE TABLE {foreign}.x (id int)",
        "path": f"SET LOCAL search_path = {foreign}; SELECT * FROM members_member",
        "truncate": f"TRUNCATE {foreign}.members_member",
    }[verb]
    with tenant_context(acme):
        assert sqlstate_of(statement) in DENIED
    with platform_context():
        assert sqlstate_of(statement) in DENIED


@pytest.mark.req("F6")
def test_login_without_a_context_reaches_nothing(acme: Tenant) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        sid = transaction.savepoint()
        with pytest.raises(ProgrammingError):
            cursor.execute(f'SELECT * FROM "{acme.schema_name}".members_member')
        transaction.savepoint_rollback(sid)
        transaction.set_rollback(True)


@pytest.mark.req("F6")
def test_directory_shows_a_tenant_its_own_rows(acme: Tenant, globex: Tenant) -> None:
    with tenant_context(acme):
        assert list(Tenant.objects.values_list("slug", flat=True)) == ["acme"]
        assert set(Membership.objects.values_list("tenant_id", flat=True)) == {acme.pk}
        emails = set(User.objects.values_list("email", flat=True))
    assert emails == {f"{name}@acme.example.com" for name in
                      ("owner", "staff", "verifier", "seller", "buyer", "trader", "auditor")}  # fmt: skip


@pytest.mark.req("F6", "S1-4")
@pytest.mark.parametrize("column", ["password", "phone_number", "*"])
def test_credentials_are_unreadable_inside_a_tenant(acme: Tenant, column: str) -> None:
    with tenant_context(acme):
        assert sqlstate_of(f"SELECT {column} FROM public.users_user") == "42501"
        assert sqlstate_of("SELECT * FROM public.users_session") == "42501"
        assert sqlstate_of("UPDATE public.tenants_tenant SET name = 'x'") == "42501"


@pytest.mark.parametrize(
    "call",
    [
        "SELECT set_config('search_path', 'public', false)",
        "SELECT query_to_xml('SELECT 1', true, false, '')",
        "SELECT lo_create(0)",
        "CREATE TEMP TABLE x (id int)",
        "CREATE TABLE public.x (id int)",
        "CREATE SCHEMA x",
    ],
)
@pytest.mark.hostile_sql
def test_escapes_are_closed(acme: Tenant, call: str) -> None:
    with tenant_context(acme):
        assert sqlstate_of(call) == "42501"


def test_context_is_public_by_default() -> None:
    assert current_schema() == PLATFORM.schema_name == "public"


class TestStaleObjects:
    def test_lazy_queryset_of_a_in_b(self, acme: Tenant, globex: Tenant) -> None:
        with tenant_context(acme):
            lazy = Member.objects.filter(is_active=True)
        with tenant_context(globex), pytest.raises(WrongTenant):
            list(lazy)

    def test_instance_of_a_saved_in_b(self, acme: Tenant, globex: Tenant) -> None:
        with tenant_context(acme):
            member = Member.objects.get(email="trader@acme.example.com")
        with tenant_context(globex), transaction.atomic(), pytest.raises(WrongTenant):
            member.save(update_fields=["name"])
        with tenant_context(globex):
            assert not Member.objects.filter(pk=member.pk).exists()

    def test_queryset_built_outside_binds_when_used(self, acme: Tenant) -> None:
        template = Member.objects.all()
        with tenant_context(acme):
            assert template.all().count() == Member.objects.count() > 0
