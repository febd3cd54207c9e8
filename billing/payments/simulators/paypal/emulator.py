"""The routes: authentication first, then each request to its function; a request id is answered once."""

from __future__ import annotations

import hashlib
import json
from secrets import token_hex
from typing import Any, Final

from billing.payments.simulators.accounts import derived, is_right
from billing.payments.simulators.app import World
from billing.payments.simulators.http import BadBody, Request, Response, json_response
from billing.payments.simulators.state import now

from . import money_back, orders, pages
from .problems import Problem, invalid, missing, not_found, refused
from .shop import Shop, signature

_HOURS: Final = 9 * 3600


class PayPal:
    """``/paypal/``."""

    name = "paypal"

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request) -> Response:
        """An API call, or a page for the payer."""
        try:
            if request.path == "/checkoutnow":
                return pages.checkout(self._world, request)
            if (request.method, request.path) == ("POST", "/v1/oauth2/token"):
                return self._token(request)
            shop = Shop(self._world, self._account(request), request.base)
            return self._once(shop, request)
        except Problem as problem:
            return problem.response()
        except BadBody:
            return Problem(400, "INVALID_REQUEST", "MALFORMED_REQUEST_JSON").response()

    def server_error(self, status: int) -> Response:
        """429 and 500."""
        return Problem(status, "RATE_LIMIT_REACHED" if status == 429 else "INTERNAL_SERVER_ERROR").response()

    def control(self, verb: str, data: dict[str, Any]) -> dict[str, Any]:
        """``settle``, ``fail_refund``, ``payout``, ``dispute``, ``resolve``, ``expire_tokens``."""
        store = self._world.store
        if verb == "expire_tokens":
            store.database.execute("DELETE FROM document WHERE service = 'paypal' AND kind = 'access'")
            return {}
        kinds = {"settle": "capture", "fail_refund": "refund", "payout": "batch", "dispute": "capture",
                 "resolve": "dispute"}  # fmt: skip
        identity = str(data.pop("id"))
        shop = Shop(self._world, store.account_of("paypal", kinds[verb], identity), "")
        try:
            match verb:
                case "settle":
                    return orders.settle(shop, identity, data["status"])
                case "fail_refund":
                    return money_back.fail_refund(shop, identity)
                case "payout":
                    return money_back.advance_payout(shop, identity, data["status"])
                case "dispute":
                    return money_back.open_dispute(shop, identity, **data)
                case _:
                    return money_back.resolve_dispute(shop, identity, data["outcome"])
        except Problem as problem:
            raise ValueError(str(problem)) from None

    def _token(self, request: Request) -> Response:
        given = request.basic()
        if given is None or not is_right("paypal", given[0], "secret", given[1]):
            error = {"error": "invalid_client", "error_description": "Client Authentication failed"}
            return json_response(401, error)
        if request.form().get("grant_type") != "client_credentials":
            return json_response(400, {"error": "unsupported_grant_type"})
        token = f"A21AA{token_hex(24)}"
        self._world.store.put("paypal", "access", token, {"until": now() + _HOURS}, account=given[0])
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": _HOURS,
                  "scope": "https://uri.paypal.com/services/payments/payment"}  # fmt: skip
        return json_response(200, answer)

    def _account(self, request: Request) -> str:
        token = request.token("Bearer") or ""
        known = self._world.store.get("paypal", "access", token)
        if known is None or known["until"] < now():
            raise Problem(401, "NOT_AUTHORIZED", "INVALID_TOKEN")
        return self._world.store.account_of("paypal", "access", token)

    def _once(self, shop: Shop, request: Request) -> Response:
        """Answer a repeated PayPal-Request-Id as the first time; errors are not kept."""
        given = request.headers.get("paypal-request-id", "")
        if len(given) > 108:
            raise invalid("PayPal-Request-Id", "INVALID_STRING_MAX_LENGTH")
        if request.method != "POST" or not given:
            return self._route(shop, request)
        key = f"{shop.account} {request.path} {given}"
        digest = hashlib.sha256(request.body).hexdigest()
        known = self._world.store.get("paypal", "request", key)
        if known:
            if known["digest"] != digest:
                raise refused("DUPLICATE_REQUEST_ID", "PayPal-Request-Id")
            return Response(200, known["body"].encode(), {"Content-Type": "application/json"})
        response = self._route(shop, request)
        if response.status < 300:
            kept = {"digest": digest, "body": response.body.decode()}
            self._world.store.put("paypal", "request", key, kept, account=shop.account)
        return response

    def _route(self, shop: Shop, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        match request.method, *parts:
            case "POST", "v2", "checkout", "orders":
                order = orders.create(shop, request.json(), request.headers.get("paypal-request-id", ""))
                status = 201 if order["status"] == "COMPLETED" else 200
                return json_response(status, orders.shown(shop, order))
            case "GET", "v2", "checkout", "orders", identity:
                return json_response(200, orders.shown(shop, shop.get("order", identity)))
            case "POST", "v2", "checkout", "orders", identity, "capture":
                return self._capture(shop, request, identity)
            case "GET", "v2", "payments", "captures", identity:
                return json_response(200, shop.get("capture", identity))
            case "POST", "v2", "payments", "captures", identity, "refund":
                if not request.headers.get("paypal-request-id"):
                    raise missing("PayPal-Request-Id")
                return json_response(
                    201, money_back.refund(shop, shop.get("capture", identity), request.json())
                )
            case "GET", "v2", "payments", "refunds", identity:
                return json_response(200, orders.without_notes(shop.get("refund", identity)))
            case "POST", "v1", "payments", "payouts":
                return json_response(201, money_back.pay_out(shop, request.json()))
            case "GET", "v1", "payments", "payouts", identity:
                return json_response(200, money_back.shown_payout(shop, shop.get("batch", identity)))
            case "GET", "v3", "vault", "payment-tokens", identity:
                return json_response(200, shop.get("token", identity))
            case "DELETE", "v3", "vault", "payment-tokens", identity:
                shop.get("token", identity)
                self._world.store.drop("paypal", "token", identity)
                return Response(204)
            case "GET", "v1", "customer", "disputes", identity:
                return json_response(200, money_back.shown_dispute(shop.get("dispute", identity)))
            case "POST", "v1", "customer", "disputes", identity, "accept-claim":
                money_back.resolve_dispute(shop, shop.get("dispute", identity)["id"], "ACCEPTED")
                return json_response(200, {"links": []})
            case "GET", "v1", "identity", "oauth2", "userinfo":
                return json_response(200, {"user_id": shop.account, "name": "Simulated merchant"})
            case "POST", "v1", "notifications", "verify-webhook-signature":
                return self._verify(shop, request)
        raise not_found()

    def _capture(self, shop: Shop, request: Request, identity: str) -> Response:
        order = shop.get("order", identity)
        if not request.headers.get("paypal-request-id"):
            raise missing("PayPal-Request-Id")
        return json_response(201, orders.shown(shop, orders.capture(shop, order)))

    def _verify(self, shop: Shop, request: Request) -> Response:
        """Over the bytes of ``webhook_event`` as they stand in the body: written anew they do not verify."""
        given = request.json()
        names = (
            "transmission_id",
            "transmission_time",
            "cert_url",
            "auth_algo",
            "transmission_sig",
            "webhook_id",
        )
        for name in names:
            if not isinstance(given.get(name), str):
                raise missing(f"/{name}")
        if not isinstance(given.get("webhook_event"), dict):
            raise missing("/webhook_event")
        text = request.body.decode()
        start = text.index("{", text.index('"webhook_event"'))
        _, end = json.JSONDecoder().raw_decode(text, start)
        right = signature(
            shop.account, given["transmission_id"], given["transmission_time"], text[start:end].encode()
        )
        webhook = derived("paypal", shop.account, "webhook", 17).upper()
        holds = given["transmission_sig"] == right and given["webhook_id"] == webhook
        return json_response(200, {"verification_status": "SUCCESS" if holds else "FAILURE"})
