"""One connection, many tenants: search_path, role and audit context follow the ContextVars.

Each cursor first compares what the connection was last told with what the context says; a difference goes
out as one message (``SET search_path …; SET ROLE …``), both of which revert together on rollback. The
audit context goes out as ``SET LOCAL`` once per transaction. Nothing else in the code base sets either.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import django.db.utils
import psycopg
from django_tenants.postgresql_backend import base as tenants_base
from psycopg import sql

from shared_apps.core.context import (
    AUDIT,
    CURRENT,
    PUBLIC,
    AuditContext,
    Schema,
    clean_address,
    current_schema,
)

from .introspection import DatabaseIntrospection
from .schema import DatabaseOperations, DatabaseSchemaEditor

_IGNORED_IN_BROKEN_TRANSACTION = (psycopg.errors.InFailedSqlTransaction,)


def _storable(text: str, limit: int) -> str:
    """What of a text PostgreSQL can keep: no NUL, no lone surrogate, at most ``limit`` characters."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\x00", "")[:limit]


def audit_setting(context: AuditContext) -> str:
    """The value of ``audit.ctx``: compact ASCII JSON, empty when nobody is bound.

    Whatever the context holds, the result can be stored: a text that the database refused would turn every
    write of the request into an error.
    """
    values = {
        "actor": context.actor_id,
        "email": _storable(context.actor_email, 254),
        "label": _storable(context.actor_label, 200),
        "cid": _storable(context.request_id, 64),
        "ip": clean_address(context.remote_addr),
        "reason": _storable(context.reason, 1000),
        "impersonator": context.impersonator_id,
    }
    if values["actor"] is None and not values["label"]:
        return ""
    return json.dumps(
        {key: value for key, value in values.items() if value not in (None, "")}, sort_keys=True
    )


@lru_cache(maxsize=4096)
def _enter(schema: str, role: str | None) -> bytes:
    """The statements that lead a connection into a schema; kept, because every request sends them."""
    path = [PUBLIC] if schema == PUBLIC else [schema, PUBLIC]
    statement = sql.SQL("SET search_path = {}").format(sql.SQL(", ").join(map(sql.Identifier, path)))
    if role is not None:
        statement += sql.SQL("; SET ROLE {}").format(sql.Identifier(role))
    return statement.as_bytes()


class DatabaseWrapper(tenants_base.DatabaseWrapper):
    """django-tenants' wrapper with the ContextVar as the truth and a role per tenant."""

    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._sent_schema: str | None = None
        self._sent_audit: AuditContext | None = None
        self._setting_search_path: bool = False
        super().__init__(*args, **kwargs)
        self.introspection = DatabaseIntrospection(self)
        #: The owner alias migrates and provisions as itself; every other alias switches roles.
        self.switches_roles: bool = bool(self.settings_dict.get("SWITCH_ROLES", True))

    # django-tenants keeps these as attributes; here they only mirror the context.
    @property
    def tenant(self) -> Any:
        return CURRENT.get()

    @tenant.setter
    def tenant(self, value: Any) -> None:
        pass

    @property
    def schema_name(self) -> str:
        return current_schema()

    @schema_name.setter
    def schema_name(self, value: str) -> None:
        pass

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """For django-tenants' own code only; ours opens ``core.context.tenant_context``."""
        if getattr(self, "switches_roles", None) is not None:
            CURRENT.set(Schema(tenant.schema_name))

    def _forget(self) -> None:
        self._sent_schema = self._sent_audit = None

    def connect(self) -> None:
        """Take a connection and tell it at once where it is: the pool gives it as it was left."""
        self._forget()
        super().connect()
        self._handle_search_path()

    def close(self) -> None:
        self._forget()
        super().close()

    def commit(self) -> None:
        self._sent_audit = None
        super().commit()

    def rollback(self) -> None:
        self._forget()
        super().rollback()

    def savepoint_rollback(self, sid: str) -> None:
        try:
            super().savepoint_rollback(sid)
        finally:
            self._forget()

    def set_autocommit(self, *args: Any, **kwargs: Any) -> None:
        super().set_autocommit(*args, **kwargs)
        self._sent_audit = None

    def role_for(self, schema: str) -> str:
        """The database role that work in a schema runs under."""
        return f"{self.settings_dict['USER']}_public" if schema == PUBLIC else f"tr_{schema}"

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path:
            return
        schema, audit = current_schema(), AUDIT.get()
        messages: list[bytes] = []
        if schema != self._sent_schema:
            messages.append(_enter(schema, self.role_for(schema) if self.switches_roles else None))
        tell_audit = self.in_atomic_block and audit is not self._sent_audit
        if tell_audit and not (self._sent_audit is None and not audit.is_bound()):
            telling = sql.SQL("SET LOCAL audit.ctx = {}").format(sql.Literal(audit_setting(audit)))
            messages.append(telling.as_bytes())
        if not messages:
            return
        self._setting_search_path = True
        try:
            # sql: identifiers and the literal above are quoted
            self.connection.execute(b"; ".join(messages))
        except _IGNORED_IN_BROKEN_TRANSACTION:
            self._forget()  # the caller's own statement fails the same way, and a rollback follows
        except psycopg.Error as error:
            self._forget()
            raise django.db.utils.OperationalError(f"cannot enter schema {schema}: {error}") from error
        else:
            self._sent_schema = schema
            if self.in_atomic_block:
                self._sent_audit = audit
        finally:
            self._setting_search_path = False
