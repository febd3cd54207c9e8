"""The work of identity that waits in the outbox, done in this process; and what its letters say."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage as Travelled
from html.parser import HTMLParser

from celery import current_app
from django.core.mail import EmailMessage

from shared_apps.core.context import audit_context, platform_context
from shared_apps.core.models import OutboxMessage
from shared_apps.users import tasks  # noqa: F401 - so that Celery knows them


def send_waiting_letters() -> None:
    """Do what the worker would do with ``users.…`` tasks, and with those that they enqueue."""
    waiting = OutboxMessage.objects.filter(task__startswith="users.", status="pending").order_by("pk")
    with platform_context():
        while message := waiting.all().first():
            with audit_context(actor_id=None, actor_email="", actor_label="worker"):
                current_app.tasks[message.task].run(**message.kwargs)
            OutboxMessage.objects.filter(pk=message.pk).delete()


def code_in(message: EmailMessage) -> str:
    """The six digits of a letter, which stand on a line of their own and in its link."""
    found = re.search(r"^ +(\d{6})$", str(message.body), re.MULTILINE)
    assert found is not None, message.body
    return found[1]


class _Page(HTMLParser):
    """Checks that tags close in order, and collects links."""

    _VOID = frozenset({"meta", "img", "br", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self._VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def links_in(html: str) -> list[str]:
    """The addresses of a well-formed HTML part, in their order."""
    page = _Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page.links


def parts_of(message: EmailMessage) -> tuple[str, str]:
    """The text and the HTML part of an e-mail, as they travel."""
    travelled = message_from_bytes(message.message().as_bytes(), policy=policy.default)
    assert isinstance(travelled, Travelled)
    plain, html = travelled.get_body(("plain",)), travelled.get_body(("html",))
    assert plain is not None and html is not None, message.subject
    return plain.get_content(), html.get_content()
