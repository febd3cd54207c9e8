"""`python -m config.prepare_database`: the database and its two logins on a server of one's own. Idempotent.

SUPERUSER_URL logs in (on a managed server its administrator); DATABASE_URL and DATABASE_OWNER_URL say
which database, logins and passwords to make. docker-compose.yml runs it before the migrations.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from config.embedded.roles import bootstrap_roles


class RealCluster:
    """A server that is reached by its administrator's URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self, dbname: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """An autocommit connection of the administrator to `dbname`."""
        return psycopg.connect(make_conninfo(self._url, dbname=dbname), autocommit=True, connect_timeout=10)


def set_password(cluster: RealCluster, role: str, password: str) -> None:
    """Give `role` a password. The server, and so its log, sees only the SCRAM verifier."""
    with cluster.connect() as connection:
        secret = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        statement = SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(role), Literal(secret.decode()))
        connection.execute(statement)


def main(environment: Mapping[str, str]) -> str:
    """Prepare the database; returns what to tell. Raises ValueError for what is missing or unsafe."""
    urls = {}
    for name in ("SUPERUSER_URL", "DATABASE_URL", "DATABASE_OWNER_URL"):
        if not environment.get(name):
            raise ValueError(f"{name} is not set")
        urls[name] = urlsplit(environment[name])
        password = unquote(urls[name].password or "")
        in_development = environment.get("DJANGO_ENVIRONMENT") == "development"
        if not in_development and (len(password) < 12 or password.startswith("development")):
            raise ValueError(f"the password in {name} is shorter than 12 characters or the example's")
    runtime, owner = urls["DATABASE_URL"], urls["DATABASE_OWNER_URL"]
    if runtime.path != owner.path or runtime.username == owner.username:
        raise ValueError("DATABASE_URL and DATABASE_OWNER_URL must name one database and two logins")
    names = [unquote(text or "") for text in (runtime.path.lstrip("/"), owner.username, runtime.username)]
    cluster = RealCluster(environment["SUPERUSER_URL"])
    hardened = bootstrap_roles(cluster, *names)
    for url in (runtime, owner):
        set_password(cluster, unquote(url.username or ""), unquote(url.password or ""))
    told = f"database {names[0]}: owner {names[1]}, runtime role {names[2]}"
    return told if hardened else f"{told}; set_config and its kind stay open: no superuser"


if __name__ == "__main__":
    try:
        print(main(os.environ))  # noqa: T201
    except (ValueError, psycopg.OperationalError) as error:
        sys.exit(f"prepare_database: {error}")
