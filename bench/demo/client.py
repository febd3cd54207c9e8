"""A client as a stranger would write it from the API's documentation: standard library and websockets."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit


class Failed(Exception):
    """A step did not come out as the story says; the message tells what came instead."""


class Api:
    """One host of the installation, as one person (or nobody)."""

    def __init__(self, base: str, slug: str | None = None) -> None:
        parts = urlsplit(base)
        self.address, self.port = parts.hostname or "localhost", parts.port or 80
        # *.localhost needs no DNS in browsers and curl; Python does not resolve it, so we name it ourselves.
        name = f"{slug}.{self.address}" if slug else self.address
        self.host = f"{name}:{self.port}"
        self.token = ""
        self.email = ""

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int | tuple[int, ...] = (200, 201, 202, 204),
        files: tuple[str, bytes] | None = None,
        key: str = "",
        **query: Any,
    ) -> Any:
        """Send one request; returns the JSON of the answer. Raises Failed for another status."""
        url = path + ("?" + urlencode(query) if query else "")
        headers = {"Host": self.host, "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        data: bytes | None = None
        if files is not None:
            boundary = secrets.token_hex(16)
            headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
            data = multipart(boundary, body or {}, *files)
        elif body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        status, raw = self._send(method, url, data, headers)
        wanted = (expect,) if isinstance(expect, int) else expect
        if status not in wanted:
            raise Failed(f"{method} {self.host}{url}: {status} instead of {wanted}: {raw[:500]!r}")
        return json.loads(raw) if raw else None

    def _send(self, method: str, url: str, data: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        """Safe requests, and those with an idempotency key, survive a server that is being restarted."""
        repeatable = method in ("GET", "DELETE") or "Idempotency-Key" in headers or "login" in url
        deadline = time.monotonic() + (60 if repeatable else 0)
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request(method, url, body=data, headers=headers)
                response = connection.getresponse()
                status, raw = response.status, response.read()
                if status < 500 or time.monotonic() > deadline:
                    return status, raw
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > deadline:
                    raise Failed(f"{method} {self.host}{url}: no answer ({error})") from error
            finally:
                connection.close()
            time.sleep(0.5)

    def get(self, path: str, **query: Any) -> Any:
        """GET with the query's parameters."""
        return self.request("GET", path, **query)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """POST a JSON body with a new idempotency key."""
        return self.request(
            "POST", path, {} if body is None else body, key=options.pop("key", new_key()), **options
        )

    def log_in(self, email: str, password: str) -> Api:
        """Log in and keep the access token."""
        answer = self.request("POST", "/api/v1/auth/login/", {"email": email, "password": password})
        self.token, self.email = answer["access"], email
        return self

    def code_for(self, address: str) -> str:
        """The newest one-time code that the development mailbox shows for an address."""
        _status, raw = self._send("GET", "/mailbox/", None, {"Host": self.host, "Accept": "text/html"})
        letters = raw.decode().split("<article")
        found = (re.search(r"^ +(\d{6})$", text, re.MULTILINE) for text in letters if address in text)
        return next((code[1] for code in found if code), "")

    def first_page_status(self) -> int:
        """Status of the organisation's log-in page, as a browser asks for it."""
        status, _raw = self._send("GET", "/login/", None, {"Host": self.host, "Accept": "text/html"})
        return status


def new_key() -> str:
    """An idempotency key."""
    return str(uuid.uuid4())


def multipart(boundary: str, fields: dict[str, Any], name: str, content: bytes) -> bytes:
    """A multipart/form-data body of some fields and one CSV file."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: text/csv\r\n\r\n".encode()
        + content
        + b"\r\n"
    )
    return b"".join([*parts, f"--{boundary}--\r\n".encode()])


def wait_for(what: str, look: Callable[[], Any], *, seconds: float = 60) -> Any:
    """Ask until the answer is truthy. Raises Failed after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise Failed(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.25)
