"""PayPal's errors: a name, a sentence, and details with an issue each."""

from __future__ import annotations

from secrets import token_hex

from billing.payments.simulators.http import Response, json_response

_SENTENCES = {
    "INVALID_REQUEST": "Request is not well-formed, syntactically incorrect, or violates schema.",
    "UNPROCESSABLE_ENTITY": "The requested action could not be performed, semantically incorrect, or failed "
    "business validation.",
    "RESOURCE_NOT_FOUND": "The specified resource does not exist.",
    "NOT_AUTHORIZED": "Authorization failed due to insufficient permissions.",
    "INTERNAL_SERVER_ERROR": "An internal server error has occurred.",
    "RATE_LIMIT_REACHED": "Too many requests. Blocked due to rate limiting.",
    "USER_BUSINESS_ERROR": "User business error.",
}


class Problem(Exception):
    """An answer that is an error."""

    def __init__(
        self, status: int, name: str, issue: str = "", *, field: str = "", description: str = ""
    ) -> None:
        super().__init__(issue or name)
        self.status, self.name, self.issue = status, name, issue
        self.field, self.description = field, description

    def response(self) -> Response:
        """As PayPal writes it."""
        detail = {
            "issue": self.issue,
            "description": self.description or self.issue.replace("_", " ").capitalize(),
        }
        if self.field:
            detail |= {"field": self.field, "location": "body"}
        body = {
            "name": self.name,
            "message": _SENTENCES[self.name],
            "debug_id": token_hex(7)[:13],
            "details": [detail] if self.issue else [],
            "links": [],
        }
        return json_response(self.status, body)


def invalid(field: str, issue: str = "INVALID_PARAMETER_VALUE") -> Problem:
    """A field of the body is wrong."""
    return Problem(400, "INVALID_REQUEST", issue, field=field)


def missing(field: str) -> Problem:
    """A field of the body is not there."""
    return Problem(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER", field=field)


def refused(issue: str, field: str = "") -> Problem:
    """Well-formed, and not possible now."""
    return Problem(422, "UNPROCESSABLE_ENTITY", issue, field=field)


def not_found() -> Problem:
    """No such object of this account."""
    return Problem(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
