"""The list of orders straight from SQL to JSON text: no model, no serializer, one statement.

The serializer stays the specification (`api.serializers.OrderSerializer`); a contract test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.dateparse import parse_datetime
from psycopg import sql

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import Relation, require
from shared_apps.access.scoping import has_shares, shared_ids
from tenant_apps.trading.rules.states import OrderStatus
from tenant_apps.trading_accounts.venues.base import Side


def _text(column: str) -> sql.Composable:
    return sql.Identifier(column)


def _number(column: str) -> sql.Composable:
    return sql.SQL("trim_scale({})::text").format(sql.Identifier(column))


def _moment(column: str) -> sql.Composable:
    return sql.SQL("""to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""").format(
        sql.Identifier(column)
    )


COLUMNS: dict[str, sql.Composable] = {
    "id": _text("id"),
    "trading_account": _text("trading_account_id"),
    "symbol": _text("symbol"),
    "side": _text("side"),
    "order_type": _text("order_type"),
    "time_in_force": _text("time_in_force"),
    "quantity": _number("quantity"),
    "filled_quantity": _number("filled_quantity"),
    "average_price": _number("average_price"),
    "expected_price": _number("expected_price"),
    "status": _text("status"),
    "reason_code": _text("reason_code"),
    "client_order_id": _text("client_order_id"),
    "venue_order_id": _text("venue_order_id"),
    "attempt": _text("attempt"),
    "bot": _text("bot_id"),
    "signal_bar_opened_at": _moment("signal_bar_opened_at"),
    "created_at": _moment("created_at"),
    "updated_at": _moment("updated_at"),
}
ORDERINGS: dict[str, sql.SQL] = {
    "-created_at": sql.SQL("id DESC"),  # the key is made of the time
    "created_at": sql.SQL("id"),
    "-updated_at": sql.SQL("updated_at DESC, id DESC"),
    "updated_at": sql.SQL("updated_at, id"),
}


def _choice(choices: type[Any]) -> Callable[[str], str]:
    return lambda text: str(choices(text).value)


def _time(text: str) -> datetime:
    value = parse_datetime(text)
    if value is None:
        raise ValueError(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _symbol(text: str) -> str:
    if len(text) > 32 or "\0" in text:
        raise ValueError(text)
    return text


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition with one placeholder, and how its value is read. `read` raises ValueError."""

    condition: sql.SQL
    read: Callable[[str], Any]


FILTERS: dict[str, Filter] = {
    "trading_account": Filter(sql.SQL("trading_account_id = %s"), UUID),
    "bot": Filter(sql.SQL("bot_id = %s"), UUID),
    "symbol": Filter(sql.SQL("symbol = %s"), _symbol),
    "side": Filter(sql.SQL("side = %s"), _choice(Side)),
    "status": Filter(sql.SQL("status = %s"), _choice(OrderStatus)),
    "created_after": Filter(sql.SQL("created_at >= %s"), _time),
    "created_before": Filter(sql.SQL("created_at < %s"), _time),
}
_OWN = "trading_account_id IN (SELECT id FROM trading_accounts_tradingaccount WHERE member_id = %s)"
_VIEW_ACCOUNT = "trading_accounts.view_account"


#: The subquery of what is shared with somebody, and its parameters, in which -1 stands for the person.
_SHARED: list[tuple[str, tuple[Any, ...]]] = []


def _shared(actor: Actor) -> tuple[str, tuple[Any, ...]]:
    if not _SHARED:  # the same for everybody, so that it is put together once
        shared = shared_ids(replace(actor, user_id=-1), _VIEW_ACCOUNT)
        assert shared is not None
        _SHARED.append(shared.query.sql_with_params())
    return _SHARED[0]


def _reach(actor: Actor) -> tuple[str, list[Any]]:
    """The condition for one's own accounts and those that are shared with one (queries.visible_orders)."""
    if not has_shares(actor, _VIEW_ACCOUNT):
        return _OWN, [actor.member_id]
    statement, parameters = _shared(actor)
    values = [actor.user_id if value == -1 else value for value in parameters]
    return f"({_OWN} OR trading_account_id IN ({statement}))", [actor.member_id, *values]


@lru_cache(maxsize=512)
def _statement(fields: tuple[str, ...], filters: tuple[str, ...], ordering: str, reach: str) -> str:
    """Return the statement for a kind of request; what varies with every request is a parameter."""
    conditions: list[sql.Composable] = [FILTERS[name].condition for name in filters]
    if reach:
        conditions.append(sql.SQL(reach))  # made of constants
    where = sql.SQL(" WHERE ") + sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("")
    columns = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(COLUMNS[name], sql.Identifier(name)) for name in fields
    )
    statement = sql.SQL(
        "SELECT (SELECT count(*) FROM trading_order{where}), "
        "(SELECT coalesce(json_agg(page), '[]')::text FROM "
        "(SELECT {columns} FROM trading_order{where} ORDER BY {order} LIMIT %s OFFSET %s) AS page)"
    )
    return statement.format(where=where, columns=columns, order=ORDERINGS[ordering]).as_string()


def orders_json(
    actor: Actor,
    *,
    fields: tuple[str, ...],
    filters: Mapping[str, Any],
    ordering: str,
    limit: int,
    offset: int,
) -> tuple[int, str]:
    """Return how many orders the actor may see under the filters, and one page of them as a JSON array.

    `filters` holds values that `FILTERS` has read. Raises ForbiddenError.
    """
    reach = ""
    names = tuple(sorted(filters))
    values = [filters[name] for name in names]
    if require(actor, "trading.view_order") is Relation.OWN:
        reach, more = _reach(actor)
        values += more
    with connection.cursor() as cursor:
        cursor.execute(_statement(fields, names, ordering, reach), [*values, *values, limit, offset])
        count, text = cursor.fetchone()
    return count, text
