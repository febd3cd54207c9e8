"""What capture costs: rows saved and created in bulk with and without the triggers, in turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench import servers
from bench.figures import Series, cpu_seconds, in_turns, report, say

DATABASE = "bench_audit"
SAVES, SAVE_ROUNDS, ROWS, BULK_ROUNDS = 300, 11, 2000, 9


def main() -> None:
    """Run the group: two tenants alike, one of them without capture."""
    servers.copy(servers.built(2), DATABASE)
    servers.enter(DATABASE)
    import os

    from django.db import connection, transaction

    from bench.seed import orders
    from shared_apps.core.context import audit_context, tenant_context
    from shared_apps.tenants.models import Tenant
    from tenant_apps.todos.models import Todo
    from tenant_apps.trading.models import Order
    from tenant_apps.trading_accounts.models import TradingAccount

    captured, plain = Tenant.objects.order_by("id")
    with servers.postgres.connect(DATABASE) as owner:
        for table in ("trading_order", "todos_todo"):
            owner.execute(f'ALTER TABLE "{plain.schema_name}".{table} DISABLE TRIGGER zz_audit')
    connection.ensure_connection()
    pids = [os.getpid(), connection.connection.info.backend_pid]

    def inside(tenant: Any, action: Callable[[], None]) -> Callable[[], float]:
        def run() -> float:
            with tenant_context(tenant):
                before = cpu_seconds(pids)
                action()
                return cpu_seconds(pids) - before

        return run

    def saves() -> None:
        order = Order.objects.first()
        assert order is not None
        for number in range(SAVES):
            order.attempt, order.status = number, "filled" if number % 2 else "working"
            with transaction.atomic():
                order.save()

    def bulk(make: Callable[[], list[Any]]) -> Callable[[], None]:
        def create() -> None:
            rows = make()
            with transaction.atomic():
                type(rows[0]).objects.bulk_create(rows, batch_size=500)
                transaction.set_rollback(True)

        return create

    def new_orders() -> list[Any]:
        found = orders(TradingAccount.objects.get(), ROWS)
        for number, order in enumerate(found):
            order.client_order_id = f"BULK{number:08}"  # type: ignore[attr-defined]
        return found

    def new_todos() -> list[Any]:
        member = TradingAccount.objects.get().member
        return [Todo(member=member, title=f"To do {number}") for number in range(ROWS)]

    with audit_context(actor_id=1, actor_email="trader@bench.example.com", request_id="0" * 32,
                       remote_addr="127.0.0.1"):  # fmt: skip
        say(f"{SAVE_ROUNDS} rounds of {SAVES} saves, {BULK_ROUNDS} of {ROWS} rows")
        for warm in (saves, bulk(new_todos), bulk(new_orders)):
            inside(captured, warm)(), inside(plain, warm)()
        with_save, without_save = in_turns(SAVE_ROUNDS, inside(captured, saves), inside(plain, saves))
        costs: dict[str, Series] = {}
        for name, make in (("todos.Todo", new_todos), ("trading.Order", new_orders)):
            ours, theirs = in_turns(BULK_ROUNDS, inside(captured, bulk(make)), inside(plain, bulk(make)))
            costs[name] = Series(
                [(a - b) / ROWS * 1e6 for a, b in zip(ours.values, theirs.values, strict=True)]
            )
            costs[f"plain {name}"] = Series([value / ROWS * 1e6 for value in theirs.values])
    report(
        "audit.save_ratio", with_save.median / without_save.median, "x",
        {"plain save of an order, client and PostgreSQL (µs CPU)": without_save.median / SAVES * 1e6,
         "captured (µs)": with_save.median / SAVES * 1e6},
        SAVE_ROUNDS * SAVES,
    )  # fmt: skip
    report(
        "audit.bulk_us_per_row", costs["todos.Todo"].median, "µs",
        {"measures": "what capture adds to each row of bulk_create, a to-do of 7 columns",
         "a plain row": costs["plain todos.Todo"].median,
         "an order of 22 columns": costs["trading.Order"].median,
         "a plain order": costs["plain trading.Order"].median},
        BULK_ROUNDS * ROWS,
    )  # fmt: skip
    servers.drop(DATABASE)


if __name__ == "__main__":
    main()
