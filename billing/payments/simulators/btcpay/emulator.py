"""The routes below ``/api/v1/stores/{store}/`` with an API key, and Greenfield's two forms of errors."""

from __future__ import annotations

from typing import Any

from billing.payments.simulators.accounts import is_right
from billing.payments.simulators.app import World
from billing.payments.simulators.http import BadBody, Request, Response, json_response

from . import pages
from .shop import Invalid, Problem, Shop


class BTCPay:
    """``/btcpay/``."""

    name = "btcpay"

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request) -> Response:
        """An API call, or the invoice's page."""
        try:
            if request.path.startswith("/i/"):
                return pages.invoice(self._world, request)
            return self._route(request)
        except Invalid as invalid:
            return json_response(422, [{"path": invalid.path, "message": invalid.message}])
        except Problem as problem:
            return json_response(problem.status, {"code": problem.code, "message": str(problem)})
        except BadBody:
            return json_response(400, {"code": "generic-error", "message": "The body is no JSON object"})

    def server_error(self, status: int) -> Response:
        """429 and 500: from the proxy before it, so no JSON."""
        return Response(
            status, b"Too Many Requests" if status == 429 else b"", {"Content-Type": "text/plain"}
        )

    def control(self, verb: str, data: dict[str, Any]) -> dict[str, Any]:
        """``pay`` (``percent`` of what is due), ``confirm``, ``expire``, ``double_spend``; ``payout``."""
        kind = "payout" if verb == "payout" else "invoice"
        identity = str(data["id"])
        shop = Shop(self._world, self._world.store.account_of("btcpay", kind, identity), "")
        try:
            match verb:
                case "pay":
                    return shop.receive(identity, percent=int(data.get("percent", 100)))
                case "confirm":
                    return shop.confirm(identity, int(data.get("blocks", 1)))
                case "expire":
                    return shop.expire(identity)
                case "double_spend":
                    return shop.double_spend(identity)
                case "payout":
                    return shop.restate_payout(identity, data["state"])
        except Problem as problem:
            raise ValueError(str(problem)) from None
        raise KeyError(verb)

    def _route(self, request: Request) -> Response:
        match request.path.strip("/").split("/"):
            case ["api", "v1", "stores", store, *rest]:
                token = request.token("token") or ""
                if not token:
                    raise Problem(401, "unauthenticated", "Authentication is required")
                if not is_right("btcpay", store, "key", token):
                    raise Problem(403, "missing-permission", "Insufficient API Permissions")
                return self._in_store(Shop(self._world, store, request.base), request, rest)
        raise Problem(404, "not-found", "Not found")

    def _in_store(self, shop: Shop, request: Request, rest: list[str]) -> Response:
        match request.method, *rest:
            case ["GET"]:
                return json_response(200, {"id": shop.account, "name": "Simulated store"})
            case "POST", "invoices":
                return json_response(200, shop.make_invoice(request.json()))
            case "GET", "invoices":
                wanted = request.query.get("orderId", "")
                return json_response(200, shop.invoices_of(wanted))
            case "GET", "invoices", identity:
                return json_response(200, shop.shown(shop.invoice(identity)))
            case "GET", "invoices", identity, "payment-methods":
                return json_response(200, [shop.method_of(shop.invoice(identity))])
            case "POST", "invoices", identity, "status":
                return json_response(200, shop.mark(identity, str(request.json().get("status", ""))))
            case "POST", "payouts":
                return json_response(200, shop.pay_out(request.json()))
            case "GET", "payouts":
                return json_response(200, self._world.store.all("btcpay", "payout", account=shop.account))
            case "GET", "payouts", identity:
                return json_response(200, shop.payout(identity))
        raise Problem(404, "not-found", "Not found")
