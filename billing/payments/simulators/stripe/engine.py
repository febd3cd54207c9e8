"""The emulator of Stripe: one request in, one answer out.

In order: who asks, which operation, are the parameters Stripe's, was this key used before, do it, expand,
is the answer Stripe's. What breaks a contract is refused and kept in ``violations``, which tests read.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final
from urllib.parse import parse_qsl

import stripe

from billing.payments.simulators.accounts import is_right
from billing.payments.simulators.app import World
from billing.payments.simulators.http import Request, Response

from . import (  # noqa: F401  each registers its handlers
    catalogue,
    charges,
    checkout,
    clock,
    connect,
    control,
    customers,
    events,
    intents,
    invoice_calls,
    pages,
    payouts,
    portal,
    subscriptions,
)
from .books import INCLUDED, SERVICE, Books, Doc, shown
from .calls import Asked, Call, Route, read_form, route
from .contract import check_answer, expandable, is_expandable, read_params
from .errors import Refusal, invalid

_KEY: Final = re.compile(r"(?P<kind>[sp]k)_test_(?P<rest>\w{8,})")
_SIMULATED: Final = re.compile(r"(sim_[0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12})_([0-9a-f]+)")
#: What a browser may ask with the publishable key.
_BROWSERS: Final = frozenset(
    {
        "payment_intents.retrieve",
        "payment_intents.confirm",
        "setup_intents.retrieve",
        "setup_intents.confirm",
        "payment_methods.create",
    }
)


class StripeSimulator:
    """Accounts by their secret keys: each key that looks like a test key opens an account of its own."""

    name = SERVICE

    def __init__(self, world: World) -> None:
        self._world = world
        self.validated = 0
        self.violations: list[str] = []
        self._base = ""  # where browsers found us last

    # -- what the application around asks for

    def answer(self, request: Request) -> Response:
        """API calls below ``/v1/``, pages elsewhere."""
        self._base = request.base
        return self._api(request) if request.path.startswith("/v1/") else pages.answer(self._world, request)

    def server_error(self, status: int) -> Response:
        """Stripe's own 429 and 500."""
        kind = "rate_limit_error" if status == 429 else "api_error"
        text = "Request rate limit exceeded." if status == 429 else "An unknown error occurred."
        code = {"code": "rate_limit"} if status == 429 else {}
        return _json(status, {"error": {"type": kind, "message": text, **code}})

    def control(self, verb: str, data: dict[str, Any]) -> dict[str, Any]:
        """What only the world outside can do."""
        if verb == "report":
            return {"validated": self.validated, "violations": self.violations}
        books = Books(self._world, _account_of(data.pop("key").partition("_test_")[2]), base=self._base)
        return control.perform(books, verb, data)

    # -- the API

    def _api(self, request: Request) -> Response:
        request_id = f"req_{hashlib.sha256(repr(request).encode()).hexdigest()[:14]}"
        headers = {"Request-Id": request_id, "Stripe-Version": stripe.api_version}
        try:
            status, body = self._answered(request, request_id, headers)
        except Refusal as refusal:
            status, body = refusal.status, json.dumps({"error": shown(refusal.error)})
        return Response(status, body.encode(), {"Content-Type": "application/json", **headers})

    def _answered(self, request: Request, request_id: str, headers: dict[str, str]) -> tuple[int, str]:
        account, publishable = self._account(request)
        version = request.headers.get("stripe-version", stripe.api_version)
        if version != stripe.api_version:
            raise invalid(f"The simulator speaks {stripe.api_version} only, not {version}.")
        found = route(request.method, request.path)
        if found is None:
            raise Refusal(
                404, "invalid_request_error", f"Unrecognized request URL ({request.method}: {request.path})."
            )
        where, ids = found
        pairs = self._pairs(request)
        secret = dict(pairs).get("client_secret", "")
        if publishable:
            pairs = [pair for pair in pairs if pair[0] not in ("client_secret", "key")]
        if publishable and where.operation.name not in _BROWSERS:
            raise Refusal(
                401, "invalid_request_error", "This API call cannot be made with a publishable API key.",
                code="secret_key_required",
            )  # fmt: skip
        params = self._params(where, pairs)
        books = Books(
            self._world,
            account,
            base=request.base,
            key=request.headers.get("idempotency-key", ""),
            request_id=request_id,
        )
        call = Call(ids, Asked(params), publishable, secret)
        if request.method == "POST" and books.idempotency_key:
            return self._once(books, where, call, request, headers)
        return self._performed(books, where, call)

    def _account(self, request: Request) -> tuple[str, bool]:
        """Whose books, and whether it is a browser that asks with the publishable key."""
        given = request.token("Bearer") or (request.basic() or ("",))[0] or request.query.get("key", "")
        if given.startswith(("sk_live_", "rk_live_", "pk_live_")):
            raise _unauthorised("This is the simulator: a live key was sent to it.")
        found = _KEY.fullmatch(given)
        if found is None:
            raise _unauthorised("Invalid API Key provided." if given else "You did not provide an API key.")
        account = _account_of(found["rest"])
        connected = request.headers.get("stripe-account", "")
        if connected:
            owner = self._world.store.get(SERVICE, "owner", connected)
            if owner is None or owner["platform"] != account:
                raise Refusal(
                    403, "invalid_request_error", f"No such account: {connected}", code="account_invalid"
                )
            account = connected
        return account, found["kind"] == "pk"

    def _pairs(self, request: Request) -> list[tuple[str, str]]:
        query = [(name, value) for name, value in request.query.items() if name != "key"]
        if request.method != "POST":
            return query
        try:
            return query + parse_qsl(request.body.decode(), keep_blank_values=True)
        except UnicodeDecodeError:
            raise invalid("The body is not UTF-8.") from None

    def _params(self, where: Route, pairs: list[tuple[str, str]]) -> Doc:
        try:
            sent = read_form(pairs)
        except ValueError as error:
            raise invalid(f"Invalid form: {error}", param=str(error)) from None
        params, problems = read_params(where.operation, sent)
        self.validated += 1
        if problems:
            first = problems[0]
            self.violations.extend(f"request {where.operation.name}: {problem}" for problem in problems)
            code = {"unknown": "parameter_unknown", "missing": "parameter_missing"}.get(first.kind, "")
            raise invalid(str(first) if first.kind == "type" else first.text, param=first.where, code=code)
        return params

    def _once(
        self, books: Books, where: Route, call: Call, request: Request, headers: dict[str, str]
    ) -> tuple[int, str]:
        """Stripe's idempotency: the first answer again, an error for other parameters, 409 while in use."""
        key = f"{books.account}/{books.idempotency_key}"
        asked = hashlib.sha256(request.path.encode() + b"\0" + request.body).hexdigest()
        store = self._world.store
        known = store.get(SERVICE, "answer", key)
        if known is not None:
            if known["status"] is None:
                raise Refusal(
                    409,
                    "idempotency_error",
                    "There is currently another in-progress request using this Idempotent Key.",
                    code="idempotency_key_in_use",
                )
            if known["asked"] != asked:
                raise Refusal(
                    400,
                    "idempotency_error",
                    "Keys for idempotent requests can only be used with the same parameters they were first "
                    "used with.",
                )
            headers["Idempotent-Replayed"] = "true"
            return known["status"], known["body"]
        headers["Idempotency-Key"] = books.idempotency_key
        try:
            status, body = self._performed(books, where, call)
        except Refusal as refusal:
            status, body = refusal.status, json.dumps({"error": shown(refusal.error)})
        answer = {"asked": asked, "status": status, "body": body}
        store.put(SERVICE, "answer", key, answer, account=books.account)
        return status, body

    def _performed(self, books: Books, where: Route, call: Call) -> tuple[int, str]:
        kept: Refusal | None = None
        with books.undoing():
            try:
                clock.follow(books)
                doc = where.handler(books, call)
                self._all_read(where, call)
                body = self._shaped(books, where, doc, call.params.get("expand", []))
            except Refusal as refusal:
                if not refusal.keep:
                    raise
                kept = refusal  # what was tried and declined is on record
        if kept is not None:
            raise kept
        return 200, json.dumps(body)

    def _all_read(self, where: Route, call: Call) -> None:
        ignored = call.params.ignored()
        if ignored:
            self.violations.extend(
                f"the simulator ignores {name} of {where.operation.name}" for name in ignored
            )
            raise invalid(f"The simulator does not know what {ignored[0]} does.", param=ignored[0])

    def _shaped(self, books: Books, where: Route, doc: Doc, expand: list[str]) -> Doc:
        doc = json.loads(json.dumps(doc))
        for path in expand:
            if len(path.split(".")) > 4:
                raise invalid(f"You cannot expand more than 4 levels of a property: {path}", param="expand")
            self._expand(books, doc, where.operation.answer, path.split("."), path)
        answer: Doc = shown(doc)
        problems = check_answer(where.operation, answer)
        if problems:
            self.violations.extend(f"answer of {where.operation.name}: {problem}" for problem in problems)
            raise Refusal(500, "api_error", f"The simulator's answer is not Stripe's: {problems[0]}")
        return answer

    def _expand(self, books: Books, doc: Doc, shape: Any, parts: list[str], path: str) -> None:
        name, *rest = parts
        hint = expandable(shape, name)
        if hint is None:
            raise invalid(f"This property cannot be expanded ({path}).", param="expand")
        included = (doc.get("object", ""), name) in INCLUDED
        if not rest and not included and not is_expandable(hint):
            raise invalid(f"This property cannot be expanded ({path}).", param="expand")
        value = doc.get(name)
        if value is None and included:
            value = doc[name] = INCLUDED[doc["object"], name](books, doc)
        elif isinstance(value, str):
            target = books.find(value)
            if target is None or not is_expandable(hint):
                raise invalid(f"This property cannot be expanded ({path}).", param="expand")
            value = doc[name] = target
        for item in value if isinstance(value, list) else [value]:
            if rest and isinstance(item, dict):
                self._expand(books, item, hint, rest, path)


def _account_of(rest: str) -> str:
    """A simulated configuration's account by its right key; any other test key is an account of its own."""
    found = _SIMULATED.fullmatch(rest)
    if found is None:
        return f"acct_{hashlib.sha256(rest.encode()).hexdigest()[:16]}"
    account = found[1].replace("_", "-")
    if not is_right(SERVICE, account, "key", found[2]):
        raise _unauthorised("Invalid API Key provided.")
    return account


def _unauthorised(text: str) -> Refusal:
    return Refusal(401, "invalid_request_error", text)


def _json(status: int, value: Any) -> Response:
    return Response(status, json.dumps(value).encode(), {"Content-Type": "application/json"})
