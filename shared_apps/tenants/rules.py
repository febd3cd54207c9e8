"""Pure decisions about tenants: names, and which life-cycle step may follow which."""

from __future__ import annotations

import re
import secrets

#: Slug of a tenant (attack table, row 10); no double hyphen, at most 40 characters.
_SLUG = re.compile(r"[a-z](?:[a-z0-9-]{1,38}[a-z0-9])\Z")
_SCHEMA_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

RESERVED_SLUGS = frozenset(
    (
        "about abuse account accounts admin administrator api app assets auth autodiscover billing blog cdn "
        "chat cloud config console contact dashboard demo dev developer developers dns docs download email "
        "events ftp git graphql health help home host hostmaster imap info internal invite jobs legal live "
        "localhost login logout mail mailbox media metrics monitor mx news ns ns1 ns2 null oauth official "
        "ops owner partner pay payments platform pop postmaster press pricing privacy prod production "
        "public register root sales search secure security server shop signin signup smtp sso stage staging "
        "static stats status store stripe support swagger system team terms test testing tradehall undefined "
        "upload user users webhook webhooks webmail webmaster ws www www1 www2 xn "
    ).split()
)

TEMPLATE_SCHEMA = "tpl_tradehall_q7x"

#: Legal life-cycle steps; everything but erasure can be taken back.
TRANSITIONS: dict[str, frozenset[str]] = {
    "active": frozenset({"suspended"}),
    "suspended": frozenset({"active", "frozen"}),
    "frozen": frozenset({"suspended", "exported"}),
    "exported": frozenset({"frozen", "erased"}),
    "erased": frozenset(),
}


def slug_problem(slug: str) -> str | None:
    """Why a slug cannot be a subdomain, as a short reason key, or None when it can.

    Keys: ``length``, ``characters``, ``hyphens``, ``reserved``.
    """
    if not 3 <= len(slug) <= 40:
        return "length"
    if "--" in slug:
        return "hyphens"
    if not _SLUG.match(slug):
        return "characters"
    if slug in RESERVED_SLUGS or slug.startswith("xn-"):
        return "reserved"
    return None


def new_schema_name() -> str:
    """An opaque, generated schema name: 16 characters of base32 (80 bits), never typed by anybody."""
    return "t_" + "".join(secrets.choice(_SCHEMA_ALPHABET) for _ in range(16))


def role_name(schema_name: str) -> str:
    """The database role that reaches one tenant's schema and nothing else."""
    return f"tr_{schema_name}"


def may_follow(state: str, next_state: str) -> bool:
    """Whether a tenant in ``state`` may go to ``next_state``."""
    return next_state in TRANSITIONS[state]
