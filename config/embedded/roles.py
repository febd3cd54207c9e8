"""The two roles of a database: the owner that migrates, and the role that the application logs in as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import psycopg

OWNER = "tradehall_owner"
RUNTIME = "tradehall_app"

# Functions of pg_catalog that PUBLIC may call and that a tenant's role must not: set_config changes role and
# search_path inside a SELECT; the XML exports, ts_stat and ts_rewrite run SQL that is handed to them as text;
# a large object belongs to no schema, and one of a tenant's makes the owner's pg_dump fail.
_REVOKE_FUNCTIONS = r"""
DO $$
DECLARE
    function regprocedure;
BEGIN
    FOR function IN
        SELECT p.oid FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND (p.proname IN ('set_config', 'ts_stat', 'loread', 'lowrite')
               OR p.proname ~ '^(query|table|schema|database|cursor)_to_xml'
               OR p.proname LIKE 'lo\_%'
               OR p.oid = 'ts_rewrite(tsquery, text)'::regprocedure)
          AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', function);
    END LOOP;
END $$
"""


class Cluster(Protocol):
    """Something that logs a superuser in, in autocommit: an embedded server or the address of a real one."""

    def connect(self, dbname: str = ...) -> psycopg.Connection[tuple[object, ...]]:
        """A connection to that database."""
        ...


def bootstrap_roles(
    server: Cluster, dbname: str, owner: str = OWNER, app: str = RUNTIME, *, create: bool = True
) -> bool:
    """Prepare database `dbname` for the two roles, as its administrator does on a real server. Idempotent.

    Creates the database (unless `create` is off and it must exist already) and the roles: `owner` owns the
    database and its schema public and may create roles and databases; `app` logs in and owns nothing.
    Takes from PUBLIC everything a tenant's role must not have. Rights on the database itself (TEMP, CONNECT)
    are not copied by CREATE DATABASE … TEMPLATE: call this for each copy too.

    Returns whether the functions were taken from PUBLIC. That needs a superuser; a managed server has none.
    """
    from psycopg.sql import SQL, Identifier

    names = {"owner": Identifier(owner), "app": Identifier(app), "db": Identifier(dbname)}
    with server.connect() as cluster:
        # Roles are shared by the databases of a cluster; two processes altering one fail on each other.
        cluster.execute("SELECT pg_advisory_lock(hashtext('bootstrap_roles'))")
        is_superuser = cluster.execute("SHOW is_superuser").fetchone() == ("on",)
        for role in (owner, app):
            if not cluster.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                cluster.execute(SQL("CREATE ROLE {}").format(Identifier(role)))
        for statement in (
            "ALTER ROLE {owner} LOGIN CREATEROLE CREATEDB INHERIT",
            "ALTER ROLE {owner} SET timezone = 'UTC'",
            "ALTER ROLE {app} LOGIN NOINHERIT NOCREATEROLE NOCREATEDB",
            # Django asks set_config for another time zone, and the role may not call it.
            "ALTER ROLE {app} SET timezone = 'UTC'",
            # A forgotten tenant context finds no table instead of somebody's.
            "ALTER ROLE {app} SET search_path = ''",
            # Only a superuser can give or take these; nobody else can have given them.
            *(
                [
                    "ALTER ROLE {owner} NOSUPERUSER NOBYPASSRLS NOREPLICATION",
                    "ALTER ROLE {app} NOSUPERUSER NOBYPASSRLS NOREPLICATION",
                ]
                if is_superuser
                else ["GRANT {owner} TO CURRENT_USER"]
            ),
        ):
            cluster.execute(SQL(statement).format(**names))
        exists = cluster.execute("SELECT 1 FROM pg_database WHERE datname = %s", [dbname]).fetchone()
        if create and not exists:
            cluster.execute(SQL("CREATE DATABASE {db} OWNER {owner} TEMPLATE template0").format(**names))
        for statement in (
            "ALTER DATABASE {db} OWNER TO {owner}",
            "REVOKE ALL ON DATABASE {db} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {db} TO {app}",
        ):
            cluster.execute(SQL(statement).format(**names))
        with server.connect(dbname) as database, database.transaction():
            if is_superuser:
                database.execute(_REVOKE_FUNCTIONS)
                # pg_dump and Django's time zone handling call it; the owner could do anything anyway.
                granted = SQL("GRANT EXECUTE ON FUNCTION set_config(text, text, boolean) TO {owner}")
                database.execute(granted.format(**names))
            database.execute(SQL("ALTER SCHEMA public OWNER TO {owner}").format(**names))
            database.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    return is_superuser
