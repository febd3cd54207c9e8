"""Orders that were sent and not answered: none is lost, none is doubled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from shared_apps.access.actors import Actor
from shared_apps.core.errors import ConflictError
from shared_apps.core.models import OutboxMessage
from shared_apps.tenants.models import Tenant
from tenant_apps.trading import services
from tenant_apps.trading.models import Execution, Order, OrderEvent, Position
from tenant_apps.trading.services import sending
from tenant_apps.trading_accounts.models import PaperOrder, TradingAccount
from tenant_apps.trading_accounts.services import change_settings
from tests.support.trading import SYMBOL, deliver_message, run_outbox


@pytest.fixture
def order(in_acme: Tenant, trader: Actor, account: TradingAccount, coin: object) -> Order:
    return services.place_order(
        actor=trader, trading_account_id=account.pk, symbol=SYMBOL, side="buy", quantity="1"
    )


def set_faults(trader: Actor, **faults: float) -> None:
    account = TradingAccount.objects.get()
    settings = {"paper": account.settings["paper"], "faults": faults}
    change_settings(actor=trader, trading_account_id=account.pk, settings=settings)


def history(order: Order) -> list[tuple[str, str]]:
    return list(OrderEvent.objects.filter(order=order).order_by("seq").values_list("status", "source"))


class Killed(BaseException):
    """What a kill looks like from inside: nothing after this line runs."""


def send_and_die(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send an order and end the process after the venue has answered, before anything is recorded."""

    def die(**_kwargs: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "record_report", die)
        with pytest.raises(Killed):
            services.send_order(order_id=order.pk)


@pytest.mark.req("F54", "F52")
def test_an_order_executed_in_silence_becomes_unknown_freezes_its_symbol_and_is_found(
    in_acme: Tenant, trader: Actor, order: Order
) -> None:
    set_faults(trader, silent_execute=1)
    run_outbox(in_acme.schema_name)
    order.refresh_from_db()
    assert order.status == "unknown"
    assert not Execution.objects.exists()
    with pytest.raises(ConflictError) as caught:
        services.place_order(
            actor=trader,
            trading_account_id=order.trading_account_id,
            symbol=SYMBOL,
            side="buy",
            quantity="1",
        )
    assert caught.value.code == "order.symbol_frozen"
    run_outbox(in_acme.schema_name, also_later=True)
    order.refresh_from_db()
    assert order.status == "filled"
    assert history(order)[-2:] == [("unknown", "venue"), ("filled", "reconciliation")]
    assert PaperOrder.objects.count() == Execution.objects.count() == 1
    assert Position.objects.get().quantity == 1


@pytest.mark.req("F54")
def test_a_worker_that_dies_between_submit_and_record_loses_and_doubles_nothing(
    in_acme: Tenant, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue has executed; the process ends before it writes that down. Then the task is delivered
    again."""
    message = OutboxMessage.objects.get(task="trading.send_order")

    send_and_die(order, monkeypatch)
    assert PaperOrder.objects.count() == 1
    order.refresh_from_db()
    assert order.status == "submitted"

    deliver_message(in_acme.schema_name, message)
    order.refresh_from_db()
    assert order.status == "unknown"
    run_outbox(in_acme.schema_name, also_later=True)
    order.refresh_from_db()
    assert order.status == "filled"
    assert PaperOrder.objects.count() == Execution.objects.count() == 1
    assert Position.objects.get().quantity == 1


def test_a_duplicate_delivery_of_any_task_changes_nothing(in_acme: Tenant, order: Order) -> None:
    run_outbox(in_acme.schema_name)
    before = history(order)
    for _ in range(2):
        services.send_order(order_id=order.pk)
        services.reconcile_order(order_id=order.pk, look_up=0)
        services.send_cancel(order_id=order.pk)
        services.meet_market(symbol=SYMBOL, interval="1m")
    assert history(order) == before
    assert Execution.objects.count() == 1


@pytest.mark.req("F54")
def test_an_order_that_never_arrived_is_sent_again_only_after_every_look_up(
    in_acme: Tenant, trader: Actor, order: Order
) -> None:
    set_faults(trader, disconnect=1)
    run_outbox(in_acme.schema_name)
    order.refresh_from_db()
    assert order.status == "unknown"
    set_faults(trader)
    done = run_outbox(in_acme.schema_name, also_later=True)
    assert done == ["trading.reconcile_order"] * len(sending.LOOK_UPS) + ["trading.send_order"]
    order.refresh_from_db()
    assert (order.status, order.attempt) == ("filled", 1)
    assert ("queued", "reconciliation") in history(order)
    assert PaperOrder.objects.count() == Execution.objects.count() == 1


def test_an_order_that_never_arrived_and_is_old_is_given_up(
    in_acme: Tenant, trader: Actor, order: Order
) -> None:
    set_faults(trader, disconnect=1)
    run_outbox(in_acme.schema_name)
    Order.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    set_faults(trader)
    run_outbox(in_acme.schema_name, also_later=True)
    order.refresh_from_db()
    assert (order.status, order.reason_code) == ("canceled", "never_arrived")
    assert not PaperOrder.objects.exists()


def test_a_refused_order_is_rejected_with_the_venues_reason(
    in_acme: Tenant, trader: Actor, order: Order
) -> None:
    set_faults(trader, reject=1)
    run_outbox(in_acme.schema_name)
    order.refresh_from_db()
    assert (order.status, order.reason_code) == ("rejected", "refused_on_purpose")
    assert not Position.objects.exists()


def test_the_sweep_takes_up_orders_whose_sender_left_no_trace(
    in_acme: Tenant, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_and_die(order, monkeypatch)
    OutboxMessage.objects.all().delete()
    assert services.take_up_stuck_orders() == 0, "a moment's patience"
    Order.objects.update(updated_at=timezone.now() - timedelta(minutes=2))
    assert services.take_up_stuck_orders() == 1
    run_outbox(in_acme.schema_name, also_later=True)
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == ("filled", 1)
    assert PaperOrder.objects.count() == Execution.objects.count() == 1


@pytest.mark.parametrize("statement", ["UPDATE {} SET created_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["trading_orderevent", "trading_execution"])
def test_the_journals_cannot_be_rewritten(in_acme: Tenant, order: Order, statement: str, table: str) -> None:
    run_outbox(in_acme.schema_name)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement.format(table))
