"""The work of identity that waits in the outbox, done in this process; and what its letters say."""

from __future__ import annotations

import re

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
