"""The one application: requests by prefix to their emulator, faults before and after, the control address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

from .accounts import notification_path
from .deliveries import Deliveries
from .faults import ROUTED, Faults, Kind
from .http import BadBody, Request, Response, json_response
from .pages import STYLE, page
from .state import Store

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_MAX_BODY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class World:
    """What emulators share. ``notify`` is the platform's address: notifications go there."""

    store: Store
    faults: Faults
    deliveries: Deliveries
    notify: str

    def tell(self, service: str, account: str, event: str, headers: dict[str, str], body: bytes) -> None:
        """Send a notification to the account's address: the registered one, else its configuration's."""
        known = self.store.get(service, "webhook", account)
        path = notification_path(service, account)
        url = known["url"] if known else (self.notify.rstrip("/") + path if self.notify and path else "")
        sent = {"Content-Type": "application/json", "User-Agent": f"{service} simulator", **headers}
        self.deliveries.send(service, account, event, url, sent, body)


class Emulator(Protocol):
    """One remote service; its class is made with the World."""

    name: str  #: its prefix, "/paypal/"

    def answer(self, request: Request) -> Response:
        """Answer a request. Nothing waits inside."""
        ...

    def server_error(self, status: int) -> Response:
        """The service's own format of 429 and 500."""
        ...

    def control(self, verb: str, data: dict[str, Any]) -> dict[str, Any]:
        """What only the world outside can do: a refund fails days later. Raises KeyError, ValueError."""
        ...


class Application:
    """The ASGI application."""

    def __init__(self, world: World, emulators: list[Emulator], *, public: str) -> None:
        self._world = world
        self._emulators = {each.name: each for each in emulators}
        self._public = public.rstrip("/")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """ASGI's entry: HTTP, and the lifespan in which notifications are delivered."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        courier: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                courier = asyncio.create_task(self._world.deliveries.run())
                await send({"type": "lifespan.startup.complete"})
            else:
                if courier is not None:
                    courier.cancel()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > _MAX_BODY:
                await _reply(send, Response(413))
                return
            if not message.get("more_body"):
                break
        service, _, rest = scope["path"].lstrip("/").partition("/")
        request = Request(
            method=scope["method"],
            path=f"/{rest}",
            base=f"{self._public}/{service}",
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
        )
        if service in self._emulators:
            await self._emulated(self._emulators[service], request, receive, send)
        elif service == "_control":
            await _reply(send, self._control(request))
        elif service == "style.css":
            await _reply(send, Response(200, STYLE.encode(), {"Content-Type": "text/css"}))
        else:
            await _reply(send, page("Simulated services", [(name, f"/{name}/") for name in self._emulators]))

    async def _emulated(self, emulator: Emulator, request: Request, receive: Receive, send: Send) -> None:
        fault = self._world.faults.take(emulator.name, ROUTED, method=request.method, path=request.path)
        match fault.kind if fault else None:
            case Kind.ERROR_500:
                await _reply(send, emulator.server_error(500))
                return
            case Kind.RATE_LIMIT:
                await _reply(send, emulator.server_error(429))
                return
            case Kind.GARBAGE:
                await _reply(send, Response(200, b"<html>gateway</html>", {"Content-Type": "text/html"}))
                return
            case Kind.TIMEOUT_BEFORE:
                assert fault is not None
                await _hang(receive, fault.seconds)
                return
        response = self._answered(emulator, request)
        match fault.kind if fault else None:
            case Kind.TIMEOUT_AFTER:
                assert fault is not None
                await _hang(receive, fault.seconds)
            case Kind.CUT_AFTER:
                # Uvicorn closes a connection whose body is shorter than it promised.
                await send(
                    {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"999")]}
                )
            case Kind.GARBAGE_AFTER:
                await _reply(send, Response(200, b"{", {"Content-Type": "application/json"}))
            case _:
                await _reply(send, response)

    def _answered(self, emulator: Emulator, request: Request) -> Response:
        database = self._world.store.database
        database.execute("BEGIN")
        try:
            response = emulator.answer(request)
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")
        return response

    def _control(self, request: Request) -> Response:
        """``/_control/{reset,faults,webhooks,…}``; ``/_control/SERVICE/VERB`` is the emulator's own."""
        parts = request.path.strip("/").split("/")
        try:
            data = request.json()
            match parts:
                case ["reset"]:
                    self._world.store.forget()
                    self._world.deliveries.modes.clear()
                    return json_response(200, {})
                case ["objects"]:
                    return json_response(200, self._world.store.numbers(data["service"], data["account"]))
                case ["faults"]:
                    service = data.pop("service")
                    if data.pop("clear", False):
                        self._world.faults.clear(service)
                        return json_response(200, {})
                    self._world.faults.add(service, Kind(data.pop("kind")), **data)
                    return json_response(200, {})
                case ["webhooks"]:
                    return json_response(200, self._webhooks(request, data))
                case [service, verb]:
                    return json_response(200, self._emulators[service].control(verb, data))
        except (BadBody, KeyError, ValueError, TypeError) as error:
            return json_response(400, {"error": f"{type(error).__name__}: {error}"})
        return json_response(404, {"error": "no such control"})

    def _webhooks(self, request: Request, data: dict[str, Any]) -> dict[str, Any]:
        deliveries = self._world.deliveries
        if request.method == "GET":
            return {"webhooks": deliveries.listed(request.query["service"], request.query.get("account", ""))}
        service = data["service"]
        if "url" in data:  # where an account's notifications go
            self._world.store.put(service, "webhook", data["account"], {"url": data["url"]})
        if "mode" in data:
            if data["mode"] not in ("normal", "hold", "drop", "duplicate"):
                raise ValueError(data["mode"])
            deliveries.modes[service] = data["mode"]
        if "release" in data:
            return {"released": deliveries.release(service, backwards=data["release"] == "backwards")}
        if "replay" in data:
            deliveries.replay(int(data["replay"]))
        return {}


async def _hang(receive: Receive, seconds: float) -> None:
    """Hold the connection until the client gives up, or for so long; uvicorn then closes it."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), seconds)
    except TimeoutError:
        return


async def _reply(send: Send, response: Response) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def as_json(value: Any) -> bytes:
    """Compact JSON, as the services send it."""
    return json.dumps(value, separators=(",", ":")).encode()
