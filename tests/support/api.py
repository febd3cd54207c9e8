"""A client of the REST API: signs in as a real one does, sends and reads JSON."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from shared_apps.tenants.demo import PASSWORD

ERROR_KEYS = {"error", "message", "status_code", "details", "code", "request_id"}


class Api:
    """``Api("acme", "trader@acme.example.com")``; without an e-mail, anonymous."""

    def __init__(self, slug: str | None, email: str = "", password: str = PASSWORD) -> None:
        host = f"{slug}.localhost" if slug else "localhost"
        self.client = Client(headers={"host": host}, raise_request_exception=False)
        self.headers: dict[str, str] = {}
        if email:
            answer = self.post("auth/login/", {"email": email, "password": password})
            assert answer.status_code == 200, answer.content
            self.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Send ``body`` as JSON (text and bytes as they are). Header names with underscores."""
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("/") else f"/api/v1/{path}"
        return self.client.generic(
            method,
            url,
            b"" if body is None else data,
            content_type="application/json",
            headers={"accept": "application/json", **self.headers, **extra},
        )

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.request("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.request("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.request("DELETE", path, **headers)


def error_of(response: HttpResponse, status: int) -> dict[str, Any]:
    """The body of an error, after its shape and status were checked."""
    assert response.status_code == status, (response.status_code, response.content[:500])
    body: dict[str, Any] = json.loads(response.content)
    assert set(body) == ERROR_KEYS, body
    assert body["error"] is True
    assert body["status_code"] == status
    assert body["request_id"] == response["X-Request-ID"]
    return body
