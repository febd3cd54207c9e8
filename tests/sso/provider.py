"""An OpenID provider over a socket: strict about what it is sent, and as wrong as a test wants it to be."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Provider:
    """``claims`` are merged into every ID token, None takes one out; ``answers`` replace whole answers by path
    with (status, body); the rest bends the signature."""

    client_id: str = "tradehall client"
    client_secret: str = "s3cret/+ä:%"
    redirect_uris: set[str] = field(default_factory=set)
    claims: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    algorithm: str = "RS256"
    key: Any = field(default_factory=new_key)
    key_id: str = "one"
    signing_key: Any = None
    issuer: str = ""
    description: dict[str, Any] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def published(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.description,
        }

    def keys(self) -> dict[str, Any]:
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**jwk, "kid": self.key_id, "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """The address that the browser is sent back to, if the request is right."""
        wanted = {"response_type": "code", "client_id": self.client_id, "code_challenge_method": "S256"}
        for name, value in wanted.items():
            if query.get(name) != value:
                self.complaints.append(f"{name} is {query.get(name)!r}")
        if query.get("redirect_uri") not in self.redirect_uris:
            self.complaints.append(f"redirect_uri {query.get('redirect_uri')!r} is not registered")
        if "openid" not in query.get("scope", "").split():
            self.complaints.append("no scope openid")
        for name, least in (("state", 32), ("nonce", 32), ("code_challenge", 43)):
            if len(query.get(name, "")) < least:
                self.complaints.append(f"{name} is too short")
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The answer to a code: checked like a provider checks."""
        plain = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        name, _colon, secret = plain.partition(":")
        if (unquote(name), unquote(secret)) != (self.client_id, self.client_secret):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form.get("grant_type") != "authorization_code":
            return 400, {"error": "invalid_grant"}
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(challenge).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant", "error_description": "redirect_uri"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": self.client_id, "sub": "subject-1", "iat": now, "exp": now + 300,
            "nonce": nonce, "email": "trader@acme.example.com", "email_verified": True, **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signing_key if self.signing_key is not None else self.key
        if self.algorithm == "none":
            key = None
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": self.key_id})

    def public_pem(self) -> bytes:
        """The public key as the text that a confused verifier would take for a shared secret."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider on a free port of this machine, for the block."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path in provider.answers:
                return self._send(*provider.answers[parts.path])
            if parts.path == "/.well-known/openid-configuration":
                return self._send(200, json.dumps(provider.published()).encode())
            if parts.path == "/keys":
                return self._send(200, json.dumps(provider.keys()).encode())
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                return self.end_headers()
            return self._send(404, b"{}")

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            if self.path in provider.answers:
                return self._send(*provider.answers[self.path])
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, answer = provider.token(form, self.headers.get("Authorization", ""))
            return self._send(status, json.dumps(answer).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", body.decode())
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
