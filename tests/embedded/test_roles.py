"""The two roles of a database: what the runtime role and a tenant's cannot do, and that the owner can."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from config.embedded.postgres import PostgresServer, bootstrap_roles

OWNER, APP, DATABASE = "tradehall_owner", "tradehall_app", "trade'hall"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    from .conftest import a_place, a_server

    with a_place() as path, a_server(path) as running:
        bootstrap_roles(running, DATABASE)
        yield running


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT set_config('role', 'none', false)",
        "SELECT query_to_xml('SELECT 1', true, true, '')",
        "SELECT query_to_xmlschema('SELECT 1', true, true, '')",
        "SELECT table_to_xml('pg_class', true, true, '')",
        "SELECT schema_to_xml('pg_catalog', true, true, '')",
        "SELECT database_to_xml(true, true, '')",
        "SELECT * FROM ts_stat('SELECT to_tsvector(''a'')')",
        "SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery')",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, '')",
        "SELECT lo_unlink(1)",
        "CREATE TEMPORARY TABLE t (n int)",
        "CREATE SCHEMA mine",
        "CREATE TABLE public.t (n int)",
        "SELECT * FROM public.kept",
        "CREATE ROLE more",
        "CREATE DATABASE more",
    ],
)
@pytest.mark.parametrize("role", [APP, "tr_roles"])
def test_denied(server: PostgresServer, role: str, statement: str) -> None:
    with server.connect(DATABASE, OWNER) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS public.kept (n int)")
        if not owner.execute("SELECT 1 FROM pg_roles WHERE rolname = 'tr_roles'").fetchone():
            owner.execute("CREATE ROLE tr_roles NOLOGIN")
            owner.execute("GRANT tr_roles TO tradehall_app")
    with server.connect(DATABASE, APP) as app:
        if role != APP:
            app.execute("SET ROLE tr_roles")
        with pytest.raises(InsufficientPrivilege):
            app.execute(statement.encode())


def test_the_runtime_role_is_unprivileged(server: PostgresServer) -> None:
    with server.connect(DATABASE, APP) as app:
        row = app.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit, rolreplication,"
            " rolcanlogin FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False, False, False, False, True)
        with pytest.raises(InsufficientPrivilege):
            app.execute("SET ROLE tradehall_owner")
        assert app.execute("SHOW search_path").fetchone() == ('""',)
        assert app.execute("SHOW timezone").fetchone() == ("UTC",)


def test_the_owner_can_provision_a_tenant(place: Path, binaries: Path) -> None:
    """CREATEROLE means less from PostgreSQL 16 on: the whole life of a tenant's role, on both sides of it."""
    with PostgresServer(place, profile="test", binaries=binaries, shared_state=place / "shared") as server:
        bootstrap_roles(server, DATABASE)
        with server.connect(DATABASE, OWNER) as owner:
            assert owner.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (
                False,
            )
            owner.execute("CREATE EXTENSION pg_trgm SCHEMA public")
            owner.execute("CREATE EXTENSION btree_gist SCHEMA public")
            owner.execute("CREATE ROLE tr_one NOLOGIN")
            owner.execute("GRANT tr_one TO tradehall_app")
            owner.execute("CREATE SCHEMA t_one")
            owner.execute("CREATE TABLE t_one.note AS SELECT 1 AS n")
            owner.execute("GRANT USAGE ON SCHEMA t_one TO tr_one")
            owner.execute("GRANT SELECT ON t_one.note TO tr_one")
            assert owner.execute("SELECT set_config('a.b', 'c', false)").fetchone() == ("c",)
        with server.connect(DATABASE, APP) as app:
            with pytest.raises(InsufficientPrivilege):
                app.execute("SELECT n FROM t_one.note")  # NOINHERIT
            app.execute("SET ROLE tr_one")
            assert app.execute("SELECT n FROM t_one.note").fetchone() == (1,)
        with server.connect(DATABASE, OWNER) as owner:
            owner.execute("DROP SCHEMA t_one CASCADE")
            owner.execute("DROP ROLE tr_one")


def test_again_and_at_the_same_time(server: PostgresServer) -> None:
    failed: list[BaseException] = []

    def bootstrap() -> None:
        try:
            bootstrap_roles(server, DATABASE)
        except psycopg.Error as error:
            failed.append(error)

    threads = [threading.Thread(target=bootstrap) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_copy_of_the_database_needs_only_its_own_rights(server: PostgresServer) -> None:
    with server.connect() as superuser:
        superuser.execute('CREATE DATABASE copy TEMPLATE "trade\'hall"')
    with server.connect("copy", APP) as app:
        with pytest.raises(InsufficientPrivilege):
            app.execute("SELECT set_config('a.b', 'c', false)")
        app.execute("CREATE TEMPORARY TABLE allowed_until_bootstrapped (n int)")
    bootstrap_roles(server, "copy", create=False)
    with server.connect("copy", APP) as app, pytest.raises(InsufficientPrivilege):
        app.execute("CREATE TEMPORARY TABLE t (n int)")
