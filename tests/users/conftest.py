"""A small API client for identity: JSON in and out, with or without a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from tests.support.letters import code_in, send_waiting_letters

__all__ = ["Api", "code_in"]


class Api:
    """Requests to one host under /api/v1/."""

    def __init__(self, client: Client, password: str) -> None:
        self.client = client
        self.password = password
        self.token = ""
        self.refresh = ""

    def _send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if self.token and "authorization" not in headers:
            headers["authorization"] = f"Bearer {self.token}"
        data = {} if body is None else {"data": body, "content_type": "application/json"}
        call = getattr(self.client, method)
        return call(f"/api/v1/{path}", headers={**self.client_headers, **headers}, **data)

    @property
    def client_headers(self) -> dict[str, str]:
        return {"host": self.client.defaults["HTTP_HOST"]}

    def get(self, path: str, **headers: str) -> Any:
        return self._send("get", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("post", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("patch", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self._send("delete", path, **headers)

    def log_in(self, email: str, **headers: str) -> Any:
        """Log in and keep the tokens; the answer."""
        answer = self.post("auth/login/", {"email": email, "password": self.password}, **headers)
        if answer.status_code == 200:
            self.token, self.refresh = answer.json()["access_token"], answer.json()["refresh_token"]
        return answer

    def renew(self, token: str | None = None, **headers: str) -> Any:
        """Exchange a refresh token, the kept one by default."""
        answer = self.post(
            "auth/token/refresh/", {"refresh": token or self.refresh}, authorization="", **headers
        )
        if answer.status_code == 200 and token is None:
            self.token, self.refresh = answer.json()["access"], answer.json()["refresh"]
        return answer


@pytest.fixture
def api(client_of: Callable[..., Client], password: str) -> Callable[..., Api]:
    """``api("acme", "trader")``: a client of that host, logged in; without a slug the platform."""

    def make(slug: str | None = None, who: str | None = None, **options: Any) -> Api:
        made = Api(client_of(slug, **options), password)
        if who is not None:
            email = f"{who}@{slug}.example.com" if slug else f"{who}@example.com"
            answer = made.log_in(email)
            assert answer.status_code == 200, answer.content
        return made

    return make


@pytest.fixture
def send_mails(mailoutbox: list[EmailMessage]) -> Callable[[], list[EmailMessage]]:
    """Do what the worker would do with the work of identity that waits in the outbox; the mails so far."""

    def send() -> list[EmailMessage]:
        send_waiting_letters()
        return mailoutbox

    return send
