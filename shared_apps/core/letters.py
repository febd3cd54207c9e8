"""E-mails as they go out: the text that was written, and the same as HTML in the sender's brand.

A letter is one text: its first line the subject, then paragraphs with empty lines between them. The HTML part
is made of that text alone, so both parts say the same and have the same links, in whatever language it was
written. A paragraph that is nothing but an address becomes a button; indented lines stand apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import get_language

from .branding import Brand, brand_of, sender
from .context import PUBLIC

_ADDRESS = re.compile(r"https?://\S+\Z")
_PDF = "application/pdf"


class BlockKind(StrEnum):
    """What a paragraph is."""

    TEXT = "text"
    LINK = "link"
    FACTS = "facts"
    """Indented lines: a code, or what happened when and where."""


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph: its lines, without their indent."""

    kind: BlockKind
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF that goes along."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letterhead:
    """In whose name a letter goes: the organisation (``schema`` None: the platform), and its address."""

    name: str
    schema: str | None
    origin: str

    @property
    def brand(self) -> Brand:
        return brand_of(self.schema or PUBLIC)

    @property
    def logo(self) -> str:
        """The logo's address, the one thing that a letter loads; empty without one."""
        return f"{self.origin}{self.brand.logo}" if self.brand.logo and self.origin else ""


def origin_of(host: str) -> str:
    """Scheme, host and port of one of our hosts, where no request says them (workers)."""
    port = f":{settings.LINK_PORT}" if settings.LINK_PORT else ""
    return f"{settings.LINK_SCHEME}://{host}{port}"


def blocks(body: str) -> list[Block]:
    """The paragraphs of a letter's text."""
    found = []
    for paragraph in re.split(r"\n[ \t]*\n", body.strip("\n")):
        lines = tuple(line.rstrip() for line in paragraph.split("\n") if line.strip())
        if not lines:
            continue
        bare = tuple(line.strip() for line in lines)
        if all(line.startswith("  ") for line in lines):
            kind = BlockKind.FACTS
        elif len(bare) == 1 and _ADDRESS.match(bare[0]):
            kind = BlockKind.LINK
        else:
            kind = BlockKind.TEXT
        found.append(Block(kind, bare))
    return found


def send(text: str, to: str, head: Letterhead, *, attachments: Sequence[Attachment] = ()) -> None:
    """Send a letter to one address, in the language that is active. Raises what the mail server raises."""
    subject, _newline, body = text.partition("\n")
    subject, body = " ".join(subject.split()), body.strip() + "\n"
    context = {
        "subject": subject,
        "blocks": blocks(body),
        "head": head,
        "brand": head.brand,
        "language": get_language() or settings.LANGUAGE_CODE,
    }
    origin = sender(head.schema, head.name) if head.schema else None
    message = EmailMultiAlternatives(subject, body, origin, [to])
    message.attach_alternative(render_to_string("mail/letter.html", context), "text/html")
    for attachment in attachments:
        message.attach(attachment.name, attachment.content, _PDF)
    message.send()
