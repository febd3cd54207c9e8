"""E-mails have a text and an HTML part that say the same, in the sender's brand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.template.loader import render_to_string
from django.utils import translation

from shared_apps.configuration.options import ACCENT, LOGO, SENDER_NAME
from shared_apps.core import letters
from shared_apps.core.letters import Attachment, Block, BlockKind, Letterhead
from shared_apps.core.options import values
from tests.support.letters import links_in, parts_of

HEAD = Letterhead("Acme", None, "http://acme.localhost:8000")
TEXT = """Your <b>code</b> for Acme

Hello Ann & Bob,
welcome:

    123456

Follow this link:

http://acme.localhost:8000/x/?a=1&b=%3C

  2026-01-01 10:00
  Firefox
"""


@pytest.fixture
def sent(db: None) -> Iterator[Any]:
    def send(head: Letterhead = HEAD, **more: Any) -> mail.EmailMultiAlternatives:
        letters.send(TEXT, "ann@example.com", head, **more)
        message = mail.outbox[-1]
        assert isinstance(message, mail.EmailMultiAlternatives)
        return message

    yield send


def test_a_text_falls_into_blocks() -> None:
    assert letters.blocks(TEXT.partition("\n")[2]) == [
        Block(BlockKind.TEXT, ("Hello Ann & Bob,", "welcome:")),
        Block(BlockKind.FACTS, ("123456",)),
        Block(BlockKind.TEXT, ("Follow this link:",)),
        Block(BlockKind.LINK, ("http://acme.localhost:8000/x/?a=1&b=%3C",)),
        Block(BlockKind.FACTS, ("2026-01-01 10:00", "Firefox")),
    ]


def test_both_parts_say_the_same_and_nothing_of_the_text_is_markup(sent: Any) -> None:
    message = sent()
    text, html = parts_of(message)
    assert message.subject == "Your <b>code</b> for Acme"
    assert "Your &lt;b&gt;code&lt;/b&gt; for Acme" in html and "<b>" not in html
    assert links_in(html) == ["http://acme.localhost:8000/x/?a=1&b=%3C"]
    assert links_in(html)[0] in text and "123456" in html


def test_nothing_is_loaded_but_the_logo(acme: Any, sent: Any) -> None:
    class Loads(HTMLParser):
        found: list[tuple[str, str | None]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found += [(tag, value) for name, value in attrs if name in ("src", "background", "srcset")]
            assert tag not in ("link", "script", "iframe", "object", "form")

    logo = f"brand/logo-{'0' * 32}.png"
    head = replace(HEAD, schema=acme.schema_name)
    with values({ACCENT: "#0b6e4f", LOGO: logo, SENDER_NAME: "Acme Club"}):
        message = sent(head)
    _text, html = parts_of(message)
    parser = Loads()
    parser.feed(html)
    assert parser.found == [("img", f"http://acme.localhost:8000/{logo}")]
    assert "#0b6e4f" in html and "url(" not in html
    assert message.from_email.startswith("Acme Club <")


def test_a_letter_in_another_language_says_so(sent: Any) -> None:
    with translation.override("ru"):
        _text, html = parts_of(sent())
    assert '<html lang="ru"' in html


def test_a_pdf_goes_along(sent: Any) -> None:
    message = sent(attachments=[Attachment("x.pdf", b"%PDF-1.7")])
    assert message.attachments == [("x.pdf", b"%PDF-1.7", "application/pdf")]
    assert parts_of(message)


def _templates() -> list[str]:
    root = Path(__file__).resolve().parents[2]
    return sorted(
        str(path.relative_to(path.parents[2]))
        for base in ("shared_apps", "tenant_apps", "billing", "audit")
        for path in (root / base).glob("**/templates/*/mail/*.txt")
    )


#: Whatever a template asks for; the links among it are told by their name.
ADDRESSES = {"link": "https://acme.example.com/x/?a=1&email=a%40b.example&code=123456"}


@pytest.mark.parametrize("language", ["en", "fr", "ru"])
@pytest.mark.parametrize("template", _templates())
def test_every_letter_has_both_parts_with_the_same_links(db: None, template: str, language: str) -> None:
    with translation.override(language):
        text = render_to_string(
            template, {"place": {"name": "Acme"}, "code": "123456", "minutes": 10, **ADDRESSES}
        )
        letters.send(text, "ann@example.com", HEAD)
    message = mail.outbox[-1]
    assert isinstance(message, mail.EmailMultiAlternatives)
    plain, html = parts_of(message)
    assert links_in(html) == [line for line in plain.splitlines() if line.startswith("https://")]
    assert links_in(html) == [ADDRESSES["link"]]


def test_there_is_one_way_to_send() -> None:
    """Whoever sends by Django's own functions would send no HTML part."""
    root = Path(__file__).resolve().parents[2]
    found = [
        str(path.relative_to(root))
        for base in ("shared_apps", "tenant_apps", "billing", "audit")
        for path in (root / base).glob("**/*.py")
        if re.search(r"from django\.core(\.mail)? import .*(mail|Mail|Email)", path.read_text())
    ]
    assert found == ["shared_apps/core/letters.py"]
