"""The routes of ``/v3/`` with basic authentication and the Idempotence-Key, and YooKassa's errors."""

from __future__ import annotations

import hashlib
from secrets import token_hex
from typing import Any

from billing.payments.simulators.accounts import is_right
from billing.payments.simulators.app import World
from billing.payments.simulators.faults import Kind
from billing.payments.simulators.http import BadBody, Request, Response, json_response

from . import pages
from .cash import Cashier, Problem

BANKS = [
    {"bank_id": "100000000111", "name": "Sberbank (simulated)", "bic": "044525225"},
    {"bank_id": "100000000004", "name": "T-Bank (simulated)", "bic": "044525974"},
]


class YooKassa:
    """``/yookassa/``."""

    name = "yookassa"

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request) -> Response:
        """An API call, or the page of the payer's bank."""
        try:
            if request.path.startswith("/sbp/"):
                return pages.bank(self._world, request)
            return self._once(self._cashier(request), request)
        except Problem as problem:
            return self._error(problem.status, problem.code, problem.description, problem.parameter)
        except BadBody:
            return self._error(400, "invalid_request", "Body is not a JSON object")

    def server_error(self, status: int) -> Response:
        """429 and 500."""
        code = "too_many_requests" if status == 429 else "internal_server_error"
        return self._error(status, code, "Technical problems. Try again later with the same key")

    def control(self, verb: str, data: dict[str, Any]) -> dict[str, Any]:
        """``expire``, ``pay`` or ``refuse`` a payment; ``refund`` and ``payout`` reach a ``status``."""
        if verb == "slow_refunds":  # the account's refunds wait for "refund"
            self._world.store.put("yookassa", "slow_refunds", data["account"], {})
            return {}
        kind = {"refund": "refund", "payout": "payout"}.get(verb, "payment")
        identity = str(data["id"])
        cashier = Cashier(self._world, self._world.store.account_of("yookassa", kind, identity), "")
        try:
            match verb:
                case "expire":
                    return cashier.cancelled(identity, "yoo_money", "expired_on_confirmation")
                case "pay":
                    return cashier.paid(identity)
                case "refuse":
                    return cashier.cancelled(identity, "payment_network", "general_decline")
                case "refund":
                    return cashier.restate("refund", identity, data["status"])
                case "payout":
                    return cashier.restate("payout", identity, data["status"])
        except Problem as problem:
            raise ValueError(problem.description) from None
        raise KeyError(verb)

    def _error(self, status: int, code: str, description: str, parameter: str = "") -> Response:
        body = {"type": "error", "id": token_hex(16), "code": code, "description": description}
        return json_response(status, body | ({"parameter": parameter} if parameter else {}))

    def _cashier(self, request: Request) -> Cashier:
        """Payouts have a gateway and a key of their own."""
        purpose = "payout" if request.path.startswith("/v3/payouts") else "secret"
        given = request.basic()
        if given is None or not is_right("yookassa", given[0], purpose, given[1]):
            raise Problem(401, "invalid_credentials", "Basic auth failed. Incorrect credentials.")
        return Cashier(self._world, given[0], request.base)

    def _once(self, cashier: Cashier, request: Request) -> Response:
        if request.method == "GET":
            return self._route(cashier, request)
        key = request.headers.get("idempotence-key", "")
        if not 0 < len(key) <= 64:
            raise Problem(400, "invalid_request", "Idempotence key is missing or too long", "Idempotence-Key")
        if self._world.faults.take("yookassa", frozenset({Kind.PROCESSING}), path=request.path):
            body = {"type": "processing", "description": "Request accepted, but not processed yet",
                    "retry_after": 1800}  # fmt: skip
            return json_response(202, body)
        name, digest = (
            f"{cashier.account} {key}",
            hashlib.sha256(request.path.encode() + request.body).hexdigest(),
        )
        if known := self._world.store.get("yookassa", "key", name):
            if known["digest"] != digest:
                text = "Idempotence key duplicated: the request differs from the first one"
                raise Problem(400, "invalid_request", text, "Idempotence-Key")
            return Response(200, known["body"].encode(), {"Content-Type": "application/json"})
        response = self._route(cashier, request)
        kept = {"digest": digest, "body": response.body.decode()}
        self._world.store.put("yookassa", "key", name, kept, account=cashier.account)
        return response

    def _route(self, cashier: Cashier, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        match request.method, *parts:
            case "POST", "v3", "payments":
                return json_response(200, cashier.take_payment(request.json()))
            case "GET", "v3", "payments", identity:
                return json_response(200, cashier.get("payment", identity))
            case "POST", "v3", "payments", identity, "cancel":
                if cashier.get("payment", identity)["status"] != "waiting_for_capture":
                    raise Problem(
                        400, "invalid_request", "Payment in this status cannot be cancelled", "status"
                    )
            case "POST", "v3", "refunds":
                return json_response(200, cashier.refund(request.json()))
            case "GET", "v3", "refunds", identity:
                return json_response(200, cashier.get("refund", identity))
            case "POST", "v3", "payouts":
                return json_response(200, cashier.pay_out(request.json(), BANKS))
            case "GET", "v3", "payouts", identity:
                return json_response(200, cashier.get("payout", identity))
            case "GET", "v3", "sbp_banks":
                return json_response(200, {"type": "list", "items": BANKS})
            case "GET", "v3", "me":
                me = {
                    "account_id": cashier.account,
                    "status": "enabled",
                    "test": True,
                    "payment_methods": ["sbp"],
                }
                return json_response(200, me)
        raise Problem(404, "not_found", "Resource not found")
