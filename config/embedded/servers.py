"""The servers that the product needs: the user's own where the environment names them, else embedded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from config.embedded.base import LocalServer
from config.embedded.errors import EmbeddedServerError
from config.embedded.postgres import PostgresServer
from config.embedded.roles import OWNER, RUNTIME, bootstrap_roles
from config.embedded.valkey import ValkeyServer

DATABASE = "tradehall"
_OWN_DATABASE = ("DATABASE_URL", "DATABASE_NAME")


class Servers:
    """PostgreSQL and Valkey below `var`, each only when `given` (the environment) does not replace it."""

    def __init__(self, given: Mapping[str, str], var: Path) -> None:
        self._given = given
        self.postgres: PostgresServer | None = None
        self.valkey: ValkeyServer | None = None
        if not any(given.get(name) for name in _OWN_DATABASE):
            self.postgres = PostgresServer(var)
        elif not given.get("DATABASE_OWNER_URL"):
            raise EmbeddedServerError(
                "A database of your own needs DATABASE_OWNER_URL too: the address of the owner role "
                "(CREATEROLE, owner of the database), which migrates and creates tenants."
            )
        if not (given.get("REDIS_URL") and given.get("BROKER_URL")):
            self.valkey = ValkeyServer(var)

    def _all(self) -> list[LocalServer]:
        return [server for server in (self.postgres, self.valkey) if server is not None]

    def addresses(self) -> dict[str, str]:
        """The variables that point Django at the servers, the owner's address among them."""
        given = self._given
        names = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "BROKER_URL")
        result = {name: given[name] for name in names if given.get(name)}
        if self.postgres is not None:
            result["DATABASE_URL"] = self.postgres.url(DATABASE, RUNTIME)
            result["DATABASE_OWNER_URL"] = self.postgres.url(DATABASE, OWNER)
        if self.valkey is not None:
            result.setdefault("REDIS_URL", self.valkey.url())
            result.setdefault("BROKER_URL", self.valkey.broker_url())
        return result

    def start(self) -> dict[str, str]:
        """Start what is embedded, prepare the database's roles; returns `addresses()`."""
        for server in self._all():
            server.start()
        if self.postgres is not None:
            bootstrap_roles(self.postgres, DATABASE)
        return self.addresses()

    def first_dead(self) -> str | None:
        """The name of an embedded server that is not alive."""
        return next((server.kind for server in self._all() if not server.alive()), None)

    def forget(self) -> None:
        """Remove the data of the embedded servers."""
        for server in self._all():
            server.forget()

    def stop(self) -> None:
        """Stop them, Valkey first; servers that somebody else uses too go on."""
        for server in reversed(self._all()):
            server.stop()
