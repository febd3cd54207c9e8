"""Stripe's refusals."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An error as the API answers it. ``keep``: what was written before stays (a declined charge)."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str = "",
        param: str = "",
        keep: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keep = keep
        self.error: dict[str, Any] = {"type": kind, "message": message, **more}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        if param:
            self.error["param"] = param


def invalid(
    message: str, *, param: str = "", code: str = "", about: dict[str, Any] | None = None, **more: Any
) -> Refusal:
    """400: the request makes no sense. ``about``: the object in whose state it makes none."""
    refusal = Refusal(400, "invalid_request_error", message, param=param, code=code, **more)
    if about is not None:
        refusal.error[about["object"]] = about
    return refusal


def missing(kind: str, key: str, param: str = "id") -> Refusal:
    """404 for an object that is not there (400 where it is a parameter, as Stripe does)."""
    name = kind.replace("_", " ").replace(".", " ")
    return Refusal(
        404 if param == "id" else 400,
        "invalid_request_error",
        f"No such {name}: '{key}'",
        code="resource_missing",
        param=param,
    )


def declined(code: str, message: str, *, decline_code: str = "", **more: Any) -> Refusal:
    """402: the card said no. Stays on record."""
    extra = {"decline_code": decline_code} if decline_code else {}
    return Refusal(402, "card_error", message, code=code, keep=True, **extra, **more)
