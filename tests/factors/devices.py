"""What a person holds in their hand: an authenticator app, and an authenticator of passkeys in software."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256

from shared_apps.factors import rules
from tests.users.conftest import Api

UP, UV, AT = 0x01, 0x04, 0x40


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def code_of(secret: str, *, ahead: int = 0) -> str:
    """What the app shows now, or some periods later."""
    return rules.hotp(base64.b32decode(secret), int(time.time()) // rules.PERIOD + ahead)


@dataclass
class Passkey:
    """An authenticator with one credential; every field of what it signs can be bent."""

    origin: str
    rp_id: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    handle: str = ""
    counter: int = 0

    def create(self, options: dict[str, Any], *, flags: int = UP | UV, **bent: str) -> dict[str, Any]:
        """The answer of ``navigator.credentials.create``."""
        self.handle = options["user"]["id"]
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        data = self._data(flags | AT, bent) + attested
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": encode(self._client("webauthn.create", options["challenge"], bent)),
            "attestationObject": encode(attestation),
        }
        return self._credential(response)

    def get(self, options: dict[str, Any], *, flags: int = UP | UV, **bent: str) -> dict[str, Any]:
        """The answer of ``navigator.credentials.get``."""
        self.counter += 1
        client = self._client("webauthn.get", options["challenge"], bent)
        data = self._data(flags, bent)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": encode(client),
            "authenticatorData": encode(data),
            "signature": encode(signature),
            "userHandle": bent.get("handle", self.handle),
        }
        return self._credential(response)

    def _client(self, kind: str, challenge: str, bent: dict[str, str]) -> bytes:
        found = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps({**found, **{key: bent[key] for key in bent.keys() & found.keys()}}).encode()

    def _data(self, flags: int, bent: dict[str, str]) -> bytes:
        rp_id = bent.get("rp_id", self.rp_id)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        name = encode(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response,
                "clientExtensionResults": {}}  # fmt: skip


def enrol_totp(door: Api) -> tuple[str, list[str]]:
    """Set up an app through the API; its secret and the recovery codes."""
    setup = door.post("auth/mfa/totp/setup/")
    assert setup.status_code == 200, setup.content
    secret = setup.json()["secret"]
    # The code before this one: the next log-in has one that was not used yet.
    body = {"setup_token": setup.json()["setup_token"], "code": code_of(secret, ahead=-1)}
    added = door.post("auth/mfa/totp/", body)
    assert added.status_code == 201, added.content
    return secret, added.json()["recovery_codes"]


def enrol_passkey(door: Api, passkey: Passkey, name: str = "Laptop") -> Any:
    """Make a passkey through the API; the answer."""
    options = door.post("auth/mfa/webauthn/options/")
    assert options.status_code == 200, options.content
    given = options.json()
    body = {"name": name, "ceremony": given["ceremony"], "credential": passkey.create(given["public_key"])}
    return door.post("auth/mfa/webauthn/", body)
