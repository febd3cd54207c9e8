"""Live messages over real WebSockets: numbers, resume, gaps, and who is let in (attack table, row 17)."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from shared_apps.core import streams, valkey
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.models import OutboxMessage
from shared_apps.market_data import services as market
from shared_apps.market_data.models import Feed
from shared_apps.tenants.demo import PASSWORD
from shared_apps.tenants.models import Tenant
from tenant_apps.members.models import Member
from tests.conftest import recreate_database
from tests.support import live as processes
from tests.support.live import Live
from tests.support.trading import MARKET_ACTOR, SYMBOL, Market


@pytest.fixture(scope="module")
def server(django_db_blocker: Any) -> Iterator[Live]:
    """A web process that looks at its clients every second, and a market; all of it is forgotten at the end."""
    with django_db_blocker.unblock(), audit_context(actor_label="test"):
        Market().close(10_000, 10_000)
    with processes.web(STREAM_REVALIDATE_SECONDS="1") as running:
        yield running
    with django_db_blocker.unblock():
        recreate_database()


@pytest.fixture(autouse=True)
def _real_commits(server: Live, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def sign_in(server: Live) -> Callable[..., str]:
    """`sign_in("trader")`: an access token, each time of a new session."""

    def get(who: str, slug: str = "acme") -> str:
        return server.log_in(f"{slug}.localhost", f"{who}@{slug}.example.com", PASSWORD)

    return get


def api(server: Live, token: str, method: str, path: str, body: Any = None, slug: str = "acme") -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    answer = server.request(
        method, f"/api/v1/{path}", host=f"{slug}.localhost", json_body=body, headers=headers
    )
    return answer.json() if answer.body else None


class Client:
    """A WebSocket client that shows a ticket."""

    def __init__(self, server: Live, token: str, *, slug: str = "acme", origin: str | None = None) -> None:
        self.server = server
        ticket = api(server, token, "POST", "auth/ws-ticket/", slug=slug)["ticket"] if token else "none"
        self.socket = open_socket(server, f"/ws/stream/?ticket={ticket}", slug=slug, origin=origin)

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hear(self, timeout: float = 5) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=timeout))
        return message

    def subscribe(self, topic: str, **more: Any) -> dict[str, Any]:
        self.say(subscribe=topic, **more)
        return self.hear()

    def hears_nothing(self, seconds: float = 0.4) -> bool:
        try:
            self.socket.recv(timeout=seconds)
        except TimeoutError:
            return True
        return False

    def close_code(self, within: float = 5) -> int | None:
        end = time.monotonic() + within
        while time.monotonic() < end:
            try:
                self.socket.recv(timeout=end - time.monotonic())
            except TimeoutError:
                return None
            except ConnectionClosed as error:
                return error.rcvd.code if error.rcvd else None
        return None


def open_socket(
    server: Live, path: str, *, slug: str = "acme", origin: str | None = None
) -> ClientConnection:
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    return connect(
        f"ws://{slug}.localhost:{server.port}{path}", sock=raw, origin=origin, proxy=None, legacy=True
    )  # type: ignore[arg-type]


def say_in(slug: str, topic: str, text: str, who: str = "") -> None:
    """Publish in a tenant as a service does, for one member or for nobody in particular."""
    with platform_context():
        tenant = Tenant.objects.get(slug=slug)
    with tenant_context(tenant), transaction.atomic():
        member = Member.objects.get(email=f"{who}@{slug}.example.com").pk if who else None
        streams.publish(topic, {"text": text}, member_id=member)


@pytest.mark.req("S1-40", "F58")
def test_orders_arrive_numbered_without_holes(server: Live, sign_in: Callable[..., str]) -> None:
    token = sign_in("trader")
    account = api(
        server, token, "POST", "trading/accounts/", {"venue": "paper", "name": "A", "currency": "EUR"}
    )
    api(server, token, "POST", f"trading/accounts/{account['id']}/connect/")
    client = Client(server, token)
    start = client.subscribe("orders")
    assert start["type"] == "subscribed"
    order = {"trading_account": account["id"], "symbol": SYMBOL, "side": "buy", "quantity": "1"}
    placed = api(server, token, "POST", "trading/orders/", order)
    api(server, token, "POST", f"trading/orders/{placed['id']}/cancel/", {"reason": "test"})
    first, second = client.hear(), client.hear()
    assert [first["data"]["status"], second["data"]["status"]] == ["queued", "canceled"]
    assert first["data"] == {"type": "order", **placed}
    assert second["seq"] == first["seq"] + 1
    assert first["seq"] > start["seq"]
    assert OutboxMessage.objects.filter(task="core.deliver_stream").count() == 0


@pytest.mark.req("S1-41", "F58")
def test_a_candle_arrives_when_it_closes(server: Live, sign_in: Callable[..., str]) -> None:
    client = Client(server, sign_in("buyer"))
    assert client.subscribe(f"market:{SYMBOL}")["type"] == "subscribed"
    with platform_context(), audit_context(actor_label="test"), transaction.atomic():
        feed = Feed.objects.get()
        clock = feed.clock
        now_closing = Market.of(feed)
        now_closing.close(10_100)
        Feed.objects.update(clock=clock)  # the candle is there, and has not closed yet
    with platform_context(), audit_context(actor_label="test"):
        assert market.advance_feed(actor=MARKET_ACTOR, feed_id=feed.pk)
    message = client.hear()
    assert message["topic"] == f"market:{SYMBOL}"
    assert (message["data"]["close"], message["data"]["interval"]) == ("101", "1m")


@pytest.mark.req("F58")
def test_a_client_that_comes_back_continues_without_a_gap(server: Live, sign_in: Callable[..., str]) -> None:
    token = sign_in("trader")
    client = Client(server, token)
    client.subscribe("trades")
    say_in("acme", "trades", "one", "trader")
    seen = client.hear()["seq"]
    client.socket.close()
    for number in range(450):
        say_in("acme", "trades", str(number), "trader")
    again = Client(server, token)
    assert again.subscribe("trades", resume=seen)["seq"] == seen
    heard = [again.hear() for _ in range(450)]
    assert [message["seq"] for message in heard] == list(range(seen + 1, seen + 451))
    assert [message["data"]["text"] for message in heard] == [str(number) for number in range(450)]
    say_in("acme", "trades", "live", "trader")
    assert again.hear()["data"]["text"] == "live"


@pytest.mark.req("F58")
def test_a_gap_is_said_and_never_passed_over(server: Live, sign_in: Callable[..., str]) -> None:
    token = sign_in("trader")
    client = Client(server, token)
    start = client.subscribe("portfolio")["seq"]
    say_in("acme", "portfolio", "one", "trader")
    seen = client.hear()["seq"]
    assert seen > start
    client.socket.close()
    say_in("acme", "portfolio", "lost", "trader")
    valkey.client().delete(*list(valkey.client().scan_iter(match="*stream:*portfolio*")))
    say_in("acme", "portfolio", "after the loss", "trader")
    again = Client(server, token)
    again.subscribe("portfolio", resume=seen)
    gap, message = again.hear(), again.hear()
    assert (gap["type"], gap["after"]) == ("gap", seen)
    assert message["data"]["text"] == "after the loss"
    assert message["seq"] > seen + 1


@pytest.mark.req("F58")
def test_a_message_whose_process_died_is_delivered_late_and_once(
    server: Live, sign_in: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(server, sign_in("trader"))
    client.subscribe("orders")
    with monkeypatch.context() as patch:
        patch.setattr(streams._Flush, "__call__", lambda self: None)
        say_in("acme", "orders", "late", "trader")
    assert client.hears_nothing()
    with platform_context():
        tenant = Tenant.objects.get(slug="acme")
    with tenant_context(tenant):
        row = OutboxMessage.objects.get(task="core.deliver_stream")
    for _ in range(2):
        streams.deliver([(row.pk, row.kwargs["keys"], row.kwargs["text"])])
    assert client.hear()["data"]["text"] == "late"
    assert client.hears_nothing()
    with tenant_context(tenant), audit_context(actor_label="test"), transaction.atomic():
        OutboxMessage.objects.all().delete()


@pytest.mark.req("S3-117")
def test_each_member_hears_their_own_and_staff_hears_all(server: Live, sign_in: Callable[..., str]) -> None:
    trader, staff = Client(server, sign_in("trader")), Client(server, sign_in("staff"))
    trader.subscribe("orders")
    staff.subscribe("orders")
    say_in("acme", "orders", "of the seller", "seller")
    say_in("acme", "orders", "of the trader", "trader")
    assert trader.hear()["data"]["text"] == "of the trader"
    assert [staff.hear()["data"]["text"] for _ in range(2)] == ["of the seller", "of the trader"]
    say_in("globex", "orders", "of another tenant", "trader")
    assert trader.hears_nothing()
    assert staff.hears_nothing()


def test_what_may_not_be_followed_is_no_topic(server: Live, sign_in: Callable[..., str]) -> None:
    buyer = Client(server, sign_in("buyer"))
    for topic in (
        "orders",
        "trades",
        "portfolio",
        "secrets",
        "market",
        "market:NO-SUCH",
        "orders:x",
        "market:*",
    ):
        assert buyer.subscribe(topic)["code"] == "stream.no_such_topic"
    assert buyer.subscribe(f"market:{SYMBOL}", resume="x")["code"] == "stream.bad_resume"
    buyer.say(ping=7)
    assert buyer.hear() == {"type": "pong", "ping": 7}
    buyer.say(hello=1)
    assert buyer.hear()["code"] == "stream.not_understood"
    buyer.socket.send("[" * 4_000)
    assert buyer.close_code() == 4400


@pytest.mark.req("F58")
@pytest.mark.parametrize("case", ["none", "forged", "twice", "foreign tenant", "platform", "foreign origin"])
def test_who_is_not_let_in_is_closed_with_4403(server: Live, sign_in: Callable[..., str], case: str) -> None:
    token = sign_in("trader")
    ticket = api(server, token, "POST", "auth/ws-ticket/")["ticket"]
    path = {"none": "/ws/stream/", "forged": "/ws/stream/?ticket=x"}.get(case, f"/ws/stream/?ticket={ticket}")
    slug = "globex" if case == "foreign tenant" else "acme"
    origin = "https://evil.example" if case == "foreign origin" else None
    if case == "platform":
        raw = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        opened = connect(f"ws://localhost:{server.port}{path}", sock=raw, proxy=None, legacy=True)
    else:
        opened = open_socket(server, path, slug=slug, origin=origin)
    if case == "twice":
        opened.send(json.dumps({"ping": 1}))
        assert json.loads(opened.recv(timeout=5))["type"] == "pong"
        opened = open_socket(server, path)
    with pytest.raises(ConnectionClosed) as caught:
        opened.recv(timeout=5)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4403


def test_the_own_origin_is_let_in(server: Live, sign_in: Callable[..., str]) -> None:
    client = Client(server, sign_in("trader"), origin=f"http://acme.localhost:{server.port}")
    client.say(ping=1)
    assert client.hear()["type"] == "pong"


@pytest.mark.req("F58")
def test_who_logs_out_is_sent_away(server: Live, sign_in: Callable[..., str]) -> None:
    token = sign_in("trader")
    client = Client(server, token)
    client.subscribe("orders")
    api(server, token, "POST", "auth/logout/")
    assert client.close_code() == 4403


@pytest.mark.req("F58")
def test_who_loses_the_role_is_sent_away(server: Live, sign_in: Callable[..., str]) -> None:
    client = Client(server, sign_in("trader"))
    client.subscribe("orders")
    with platform_context():
        tenant = Tenant.objects.get(slug="acme")

    def give(capabilities: list[str]) -> None:
        with tenant_context(tenant), audit_context(actor_label="test"), transaction.atomic():
            Member.objects.filter(email="trader@acme.example.com").update(capabilities=capabilities)

    give(["buyer"])
    try:
        assert client.close_code() == 4403
    finally:
        give(["trader"])
