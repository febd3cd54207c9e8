"""Examples of the identity API: each is sent by somebody for whom it succeeds."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shared_apps.core.context import platform_context
from shared_apps.users.models import User
from tests.access.samples import example
from tests.access.world import Persona, World
from tests.factors.devices import Passkey, code_of, enrol_passkey, enrol_totp
from tests.support.letters import code_in, send_waiting_letters
from tests.support.pictures import picture
from tests.users.conftest import Api

PASSWORD, NEXT = "Quiet-Harbour-71", "Louder-Harbour-72"
_CODE = {"otp": "123456"}
_CEREMONY = {"ceremony": "(of the options)", "credential": {"id": "(of navigator.credentials, as JSON)"}}
_AUTH = "/api/v1/auth"


def door_of(world: World, persona: Persona, *, signed_in: bool = True) -> Api:
    """The persona's API client; they have a password and no second factor yet."""
    if persona.user is not None:
        _with_a_password_alone(persona.user)
    host = f"{world.tenant.slug}.localhost" if persona.host == "tenant" else "localhost"
    door = Api(Client(headers={"host": host}), PASSWORD)
    if signed_in and persona.tokens is not None:
        door.token = persona.tokens.access
    return door


def _with_a_password_alone(person: User) -> None:
    with platform_context():
        user = User.objects.get(pk=person.pk)
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
        Authenticator.objects.filter(user=user).delete()


def _email(persona: Persona) -> str:
    assert persona.user is not None
    return persona.user.email


def _letter(address: str) -> Any:
    send_waiting_letters()
    return [letter for letter in mail.outbox if letter.to == [address]][-1]


def _with_password(world: World, persona: Persona) -> dict[str, str]:
    door_of(world, persona)
    return {"email": _email(persona)}


def _asked_for_a_reset(world: World, persona: Persona) -> dict[str, str]:
    door_of(world, persona).post("auth/password/reset/", {"email": _email(persona)})
    return {"email": _email(persona), "otp": code_in(_letter(_email(persona)))}


def _registered(world: World, persona: Persona) -> dict[str, str]:
    door = door_of(world, persona, signed_in=False)
    body = {"email": "nina@example.com", "password1": PASSWORD, "password2": PASSWORD}
    assert door.post("auth/registration/", body).status_code == 201
    return {"otp": code_in(_letter("nina@example.com"))}


def _asked_for_another_address(world: World, persona: Persona) -> dict[str, str]:
    door = door_of(world, persona)
    body = {"email": "nina@new.example.com", "password": PASSWORD}
    assert door.post("auth/email/change/", body).status_code == 200
    return {"otp": code_in(_letter("nina@new.example.com"))}


def _changed_the_address(world: World, persona: Persona) -> dict[str, str]:
    code = _asked_for_another_address(world, persona)
    door = door_of(world, persona)
    assert door.post("auth/email/change/confirm/", code).status_code == 200
    found = str(_letter(_email(persona)).body).partition("token=")[2].split()[0]
    return {"token": unquote(found)}


def _began_to_log_in(world: World, persona: Persona) -> dict[str, str]:
    door = door_of(world, persona)
    secret, _codes = enrol_totp(door)
    half = door.post("auth/login/", {"email": _email(persona), "password": PASSWORD})
    return {"challenge_token": half.json()["challenge_token"], "code": code_of(secret)}


def _has_an_app(world: World, persona: Persona) -> dict[str, str]:
    return {"code": code_of(enrol_totp(door_of(world, persona))[0])}


def _began_with_an_app(world: World, persona: Persona) -> dict[str, str]:
    setup = door_of(world, persona).post("auth/mfa/totp/setup/").json()
    return {"setup_token": setup["setup_token"], "code": code_of(setup["secret"])}


def _passkey(door: Api) -> Passkey:
    host = str(door.client.defaults["HTTP_HOST"])
    return Passkey(f"http://{host}", host)


def _began_with_a_passkey(world: World, persona: Persona) -> dict[str, Any]:
    door = door_of(world, persona)
    given = door.post("auth/mfa/webauthn/options/").json()
    credential = _passkey(door).create(given["public_key"])
    return {"name": "Laptop", "ceremony": given["ceremony"], "credential": credential}


def _began_to_log_in_by_passkey(world: World, persona: Persona) -> dict[str, Any]:
    door = door_of(world, persona)
    passkey = _passkey(door)
    assert enrol_passkey(door, passkey).status_code == 201
    door.token = ""
    given = door.post("auth/mfa/webauthn/login/options/", {}).json()
    return {"ceremony": given["ceremony"], "credential": passkey.get(given["public_key"])}


def _asked_for_passkeys(world: World, persona: Persona) -> dict[str, str]:
    door = door_of(world, persona)
    assert enrol_passkey(door, _passkey(door)).status_code == 201
    half = door.post("auth/login/", {"email": _email(persona), "password": PASSWORD})
    return {"challenge_token": half.json()["challenge_token"]}


_ME = {"email": "nina@example.com"}
example(f"both POST {_AUTH}/login/", before=_with_password, body={"password": PASSWORD}, shown=_ME)
example(f"both POST {_AUTH}/logout/", shown={"refresh": "eyJhbGciOi…"})
example(f"both POST {_AUTH}/token/refresh/", shown={"refresh": "eyJhbGciOi…"})
example(
    f"both POST {_AUTH}/password/change/", before=lambda world, persona: door_of(world, persona) and {},
    body={"old_password": PASSWORD, "new_password1": NEXT, "new_password2": NEXT},
)  # fmt: skip
example(
    f"both POST {_AUTH}/password/reset/confirm/", before=_asked_for_a_reset,
    body={"new_password1": NEXT, "new_password2": NEXT}, shown=_ME | _CODE,
)  # fmt: skip
example(
    f"both POST {_AUTH}/registration/", who="anonymous",
    body={"email": "nina@example.com", "password1": PASSWORD, "password2": PASSWORD, "first_name": "Nina"},
)  # fmt: skip
example(
    f"both POST {_AUTH}/registration/verify-email/", before=_registered, who="anonymous",
    body={"email": "nina@example.com"}, shown=_CODE,
)  # fmt: skip
example(
    f"both POST {_AUTH}/email/change/", before=lambda world, persona: door_of(world, persona) and {},
    body={"email": "nina@new.example.com", "password": PASSWORD},
)  # fmt: skip
example(f"both POST {_AUTH}/email/change/confirm/", before=_asked_for_another_address, body={}, shown=_CODE)
example(
    f"both POST {_AUTH}/email/change/undo/", before=_changed_the_address, body={},
    shown={"token": "(of the letter to the old address)"},
)  # fmt: skip
example(
    "platform POST /api/v1/users/",
    body={"email": "nina@example.com", "username": "nina", "password": PASSWORD},
)
example(f"both PATCH {_AUTH}/user/", body={"first_name": "Nina", "timezone": "Europe/Paris"})
example(
    f"both PUT {_AUTH}/user/avatar/",
    body=lambda world, persona, value: {"avatar": SimpleUploadedFile("me.png", picture(), "image/png")},
)
_ERASE = {"before": _with_password, "body": {"password": PASSWORD}, "shown": _ME}
example(f"platform POST {_AUTH}/user/erase/", **_ERASE)
# Everybody's wallet in the samples' organisation holds money, which must be settled first.
example(f"tenant POST {_AUTH}/user/erase/", answers=409, **_ERASE)
example(f"both POST {_AUTH}/api-tokens/", body={"name": "Reports", "scopes": ["audit:read"]})

_MFA = f"{_AUTH}/mfa"
example(
    f"both POST {_MFA}/authenticate/", before=_began_to_log_in, body={},
    shown={"challenge_token": "(of the log-in)", "code": "123456"},
)  # fmt: skip
example(f"both POST {_MFA}/confirm/", before=_has_an_app, body={}, shown={"code": "123456"})
example(
    f"both POST {_MFA}/totp/", before=_began_with_an_app, body={"name": "Phone"},
    shown={"setup_token": "(of the set-up)", "code": "123456"},
)  # fmt: skip
example(f"both POST {_MFA}/webauthn/", before=_began_with_a_passkey, body={}, shown=_CEREMONY)
example(f"both POST {_MFA}/webauthn/login/", before=_began_to_log_in_by_passkey, body={}, shown=_CEREMONY)
example(
    f"both POST {_MFA}/webauthn/login/options/", before=_asked_for_passkeys, body={},
    shown={"challenge_token": "(of the log-in)"},
)  # fmt: skip
