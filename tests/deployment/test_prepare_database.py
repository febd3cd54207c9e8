"""`python -m config.prepare_database`: two logins with passwords, with and without a superuser."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from config import prepare_database
from config.embedded.postgres import PostgresServer
from tests.embedded.conftest import a_place, a_server

PASSWORD = "a p@ssw/rd of 'ours'"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with a_place() as path, a_server(path) as running:
        yield running


def environment(server: PostgresServer, superuser: str, dbname: str) -> dict[str, str]:
    def url(user: str, database: str) -> str:
        host = quote(str(server.socket_dir), safe="")
        return f"postgresql://{user}:{quote(PASSWORD, safe='')}@{host}:5432/{database}"

    return {
        "SUPERUSER_URL": url(superuser, "postgres"),
        "DATABASE_URL": url(f"{dbname}_app", dbname),
        "DATABASE_OWNER_URL": url(f"{dbname}_owner", dbname),
    }


def test_a_superuser_prepares_everything(server: PostgresServer) -> None:
    given = environment(server, "postgres", "full")
    for _ in range(2):
        assert prepare_database.main(given) == "database full: owner full_owner, runtime role full_app"
    with psycopg.connect(given["DATABASE_URL"]) as app, pytest.raises(InsufficientPrivilege):
        app.execute("SELECT set_config('a.b', 'c', false)")
    with server.connect() as superuser:
        stored = superuser.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'full_app'").fetchone()
        assert stored is not None
        assert str(stored[0]).startswith("SCRAM-SHA-256$")


def test_a_managed_servers_administrator_prepares_what_it_may(server: PostgresServer) -> None:
    with server.connect() as superuser:
        superuser.execute("CREATE ROLE administrator LOGIN CREATEROLE CREATEDB")
    given = environment(server, "administrator", "managed")
    for _ in range(2):
        assert "stay open: no superuser" in prepare_database.main(given)
    with psycopg.connect(given["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE SCHEMA t_one")
        owner.execute("CREATE ROLE tr_managed")
        owner.execute("GRANT tr_managed TO managed_app")
    with psycopg.connect(given["DATABASE_URL"], autocommit=True) as app:
        app.execute("SET ROLE tr_managed")
        with pytest.raises(InsufficientPrivilege):
            app.execute("CREATE TABLE public.t (n int)")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SUPERUSER_URL": ""}, "SUPERUSER_URL is not set"),
        ({"DATABASE_URL": "postgresql://app:development-only-runtime@db/x"}, "the example's"),
        ({"DATABASE_OWNER_URL": "postgresql://owner:short@db/x"}, "shorter than 12"),
        ({"DATABASE_OWNER_URL": "postgresql://owner:long-enough-password@db/other"}, "one database"),
    ],
)
def test_what_is_unsafe_is_named(server: PostgresServer, change: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prepare_database.main({**environment(server, "postgres", "never"), **change})
    with server.connect() as superuser:
        assert not superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = 'never_app'").fetchone()


def test_the_examples_passwords_are_for_development(server: PostgresServer) -> None:
    given = environment(server, "postgres", "toy")
    given["DATABASE_URL"] = given["DATABASE_URL"].replace(quote(PASSWORD, safe=""), "development-only")
    assert "toy_app" in prepare_database.main({**given, "DJANGO_ENVIRONMENT": "development"})
