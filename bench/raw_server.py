"""The yardstick of lists: a bare ASGI application over psycopg and orjson that verifies the JWT too.

No framework, no tenancy, no logs and no metrics: what remains is what any answer of 20 orders costs.
"""

from __future__ import annotations

import os
from typing import Any

import jwt
import orjson
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

_KEY = bytes.fromhex(os.environ.get("BENCH_JWT_KEY", ""))
_COLUMNS = (
    "id, trading_account_id AS trading_account, symbol, side, order_type, time_in_force, quantity::text, "
    "filled_quantity::text, average_price::text, expected_price::text, status, reason_code, client_order_id, "
    "venue_order_id, attempt, bot_id AS bot, signal_bar_opened_at, created_at, updated_at"
)
_SCHEMA = os.environ.get("BENCH_SCHEMA", "public")
_LIST = (
    f'SELECT {_COLUMNS}, count(*) OVER () AS total FROM "{_SCHEMA}".trading_order '
    f'WHERE trading_account_id IN (SELECT id FROM "{_SCHEMA}".trading_accounts_tradingaccount '
    "WHERE member_id = %s) ORDER BY id DESC LIMIT 20"
)
_MEMBER = os.environ.get("BENCH_MEMBER", "")
_pool: AsyncConnectionPool[Any] | None = None


async def _connections() -> AsyncConnectionPool[Any]:
    global _pool
    if _pool is None:
        _pool = AsyncConnectionPool(
            os.environ["BENCH_DSN"], min_size=1, max_size=4, open=False, kwargs={"autocommit": True}
        )
        await _pool.open()
    return _pool


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer every request with the orders of the member that the environment names."""
    if scope["type"] != "http":
        return
    headers = dict(scope["headers"])
    token = headers[b"authorization"].removeprefix(b"Bearer ")
    jwt.decode(token, _KEY, algorithms=["HS256"], audience="tradehall.api")
    pool = await _connections()
    async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_LIST, [_MEMBER])
        rows = await cursor.fetchall()
    count = max((row.pop("total") for row in rows), default=0)
    body = orjson.dumps({"count": count, "next": None, "previous": None, "results": rows})
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())
            ],
        }
    )  # fmt: skip
    await send({"type": "http.response.body", "body": body})
