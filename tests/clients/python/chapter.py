"""The first chapter of `make demo`, as a stranger writes it with the generated client. ``chapter.py BASE HOST``.

Checked with ``mypy --strict`` and run by tests/clients/test_generated.py.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TypeVar
from uuid import UUID, uuid4

from tradehall_client import AuthenticatedClient, Client
from tradehall_client.api.auth import auth_login, auth_user_retrieve
from tradehall_client.api.todos import todos_create, todos_partial_update, todos_retrieve
from tradehall_client.api.trading import (
    trading_accounts_connect,
    trading_accounts_create,
    trading_accounts_list,
    trading_executions_list,
    trading_orders_create,
    trading_orders_list,
    trading_orders_retrieve,
)
from tradehall_client.models import (
    AccountInputRequest,
    AccountStatusEnum,
    Error,
    LoginAnswer,
    LoginRequest,
    OrderInputRequest,
    PatchedTodoChangeRequest,
    SideEnum,
    TodoInputRequest,
)

Answer = TypeVar("Answer")


def good(answer: Answer | Error | None) -> Answer:
    """The answer; exits with what the server says was wrong."""
    if answer is None:
        raise SystemExit("an answer that the description does not have")
    if isinstance(answer, Error):
        raise SystemExit(f"{answer.status_code} {answer.code}: {answer.message}")
    return answer


def main(base: str, host: str) -> None:
    door = Client(base_url=base, headers={"Host": host}, raise_on_unexpected_status=True)
    credentials = LoginRequest(email="trader@acme.example.com", password="demo-Passw0rd!")
    entered = good(auth_login.sync(client=door, body=credentials))
    if not isinstance(entered, LoginAnswer):
        raise SystemExit("a second factor is asked for")
    client = AuthenticatedClient(
        base_url=base, token=entered.access, headers={"Host": host}, raise_on_unexpected_status=True
    )
    print("I am", good(auth_user_retrieve.sync(client=client)).email)

    wanted = AccountInputRequest(venue="paper", name="Practice", currency="EUR", opening_balance="10000")
    account = good(trading_accounts_create.sync(client=client, body=wanted, idempotency_key=str(uuid4())))
    account = good(trading_accounts_connect.sync(account.id, client=client))
    accounts = good(trading_accounts_list.sync(client=client))
    traded = next(each.id for each in accounts.results if each.name == "Paper one")
    if account.status is not AccountStatusEnum.CONNECTED or account.id not in {
        e.id for e in accounts.results
    }:
        raise SystemExit(f"the account is {account.status}")
    print("connected", account.name, "one of", accounts.count)

    place_and_read(client, account.id)
    fills = good(trading_executions_list.sync(client=client, trading_account=traded)).results
    if not fills:
        raise SystemExit("no execution")
    worth = sum((Decimal(fill.quantity) * Decimal(fill.price) for fill in fills), Decimal(0))
    print(len(fills), "executions worth", worth, "first at", fills[0].executed_at.isoformat())

    refused = auth_login.sync(client=door, body=LoginRequest(email="trader@acme.example.com", password="x"))
    if not isinstance(refused, Error):
        raise SystemExit("a wrong password was taken")
    print("refused:", refused.code)
    change_under_a_precondition(client)


def place_and_read(client: AuthenticatedClient, account: UUID) -> None:
    key = str(uuid4())
    body = OrderInputRequest(trading_account=account, symbol="COIN-EUR", side=SideEnum.BUY, quantity="1.5")
    order = good(trading_orders_create.sync(client=client, body=body, idempotency_key=key))
    again = good(trading_orders_create.sync(client=client, body=body, idempotency_key=key))
    read = good(trading_orders_retrieve.sync(order.id, client=client))
    listed = good(trading_orders_list.sync(client=client, trading_account=account))
    if not (again.id == read.id == order.id and [each.id for each in listed.results] == [order.id]):
        raise SystemExit("the same key made another order")
    if Decimal(read.filled_quantity) or read.average_price is not None:
        raise SystemExit("filled without a market")
    print("ordered", read.side.value, read.quantity, read.symbol, read.status.value)


def change_under_a_precondition(client: AuthenticatedClient) -> None:
    todo = good(todos_create.sync(client=client, body=TodoInputRequest(title="Read the rule book")))
    seen = todos_retrieve.sync_detailed(todo.id, client=client)
    etag = seen.headers["ETag"]
    statuses = [todos_retrieve.sync_detailed(todo.id, client=client, if_none_match=etag).status_code]
    for title in ("mine", "late"):
        change = PatchedTodoChangeRequest(title=title)
        answer = todos_partial_update.sync_detailed(todo.id, client=client, body=change, if_match=etag)
        statuses.append(answer.status_code)
    print("not modified, changed, refused:", *(int(status) for status in statuses))
    if statuses != [304, 200, 412]:
        raise SystemExit("preconditions do not hold")


if __name__ == "__main__":
    main(*sys.argv[1:])
