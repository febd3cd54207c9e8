"""What tests of invitations do again and again."""

from __future__ import annotations

import re
from typing import Any

INVITATIONS = "/api/v1/invitations/"
NEW = "nora.new@example.org"
PASSWORD = "Quiet-Harbour-71"


def token_in(letter: Any) -> str:
    return re.search(r"token=([\w-]{43})", letter.body)[1]


def invite(api: Any, letters: Any, who: str = "owner", **body: Any) -> str:
    """Invite somebody; the token of the mail."""
    answer = api(who, "POST", INVITATIONS, {"email": NEW, "capabilities": ["trader"]} | body)
    assert answer.status_code == 201, answer.content
    return token_in(letters()[0])


def accept(api: Any, token: str, who: str = "", **body: Any) -> Any:
    person = {"password": PASSWORD, "first_name": "Nora", "last_name": "New"}
    return api(who, "POST", f"{INVITATIONS}accept/", {"token": token, **person, **body})
