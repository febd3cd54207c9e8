"""Errors that people can act on: one class, one code, one shape at every door."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """A rule said no. ``code`` is stable (``order.quantity_not_positive``), ``message`` is for people.

    ``field`` names the input that broke the rule; ``details`` adds what a client can use.
    """

    status: ClassVar[int] = 400

    def __init__(
        self, code: str, message: str, *, field: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.details = details if details is not None else ({field: [message]} if field else {})


class NotFoundError(DomainError):
    """It does not exist, or the actor may not know that it does."""

    status = 404


class UnauthenticatedError(DomainError):
    """The credential that was shown does not hold (any more)."""

    status = 401


class ForbiddenError(DomainError):
    """The actor may see it but not do this."""

    status = 403


class ConflictError(DomainError):
    """Somebody else was there first."""

    status = 409


class UnprocessableError(DomainError):
    """The request contradicts an earlier one (an idempotency key with another body)."""

    status = 422


class TooManyRequestsError(DomainError):
    """Too often; ``retry_after`` seconds from now it may work."""

    status = 429

    def __init__(self, code: str, message: str, *, retry_after: int) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class UnavailableError(DomainError):
    """It cannot be done now; later it may."""

    status = 503


def error_body(
    *, status: int, code: str, message: str, details: Any = None, request_id: str = ""
) -> dict[str, Any]:
    """The body of every error answer: S4-83's four keys, plus ``code`` and ``request_id`` (C13)."""
    return {
        "error": True,
        "message": message,
        "status_code": status,
        "details": {} if details is None else details,
        "code": code,
        "request_id": request_id,
    }
