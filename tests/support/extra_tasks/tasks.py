"""Tasks whose effect a test can see."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from django.utils import timezone

from shared_apps.core import valkey
from shared_apps.core.background import exactly_once
from shared_apps.core.context import AUDIT, CURRENT, HOST, Schema, bind_actor, current_schema
from shared_apps.core.tasks import platform_task, tenant_task
from tenant_apps.members.models import Member
from tenant_apps.todos.models import Todo

SEEN: list[dict[str, Any]] = []


def note(**facts: Any) -> None:
    """Keep where a task ran, for tests in this process."""
    audit = AUDIT.get()
    SEEN.append({"schema": current_schema(), "actor": audit.actor_label, "cid": audit.request_id, **facts})


@tenant_task("extra_tasks.note_context")
def note_context(**facts: Any) -> None:
    note(**facts)


@platform_task("extra_tasks.note_platform")
def note_platform(**facts: Any) -> None:
    note(**facts)


@tenant_task("extra_tasks.fail_dirty", max_attempts=3)
def fail_dirty() -> None:
    """Leave everything that can be left behind, then fail."""
    note()
    bind_actor(actor_id=666, actor_email="left@behind")
    HOST.set(Schema("t_leftbehind"))
    CURRENT.set(Schema("t_leftbehind"))
    raise RuntimeError("in the middle")


@tenant_task("extra_tasks.wander")
def wander(*, schema: str) -> None:
    """End in another schema than the one it began in."""
    CURRENT.set(Schema(schema))


@tenant_task("extra_tasks.add_todo", retry_after=5)
def add_todo(*, title: str, pause: float = 0, die_once: bool = False) -> None:
    """Add a to-do exactly once; may take its time, or kill its own process the first time."""
    with exactly_once():
        Todo.objects.create(member=Member.objects.order_by("pk")[0], title=title)
        time.sleep(pause)
        if die_once and valkey.client().set(valkey.key("died", title), 1, nx=True, ex=600):
            os.kill(os.getpid(), signal.SIGKILL)


@tenant_task("extra_tasks.stamp")
def stamp(*, sent: float) -> None:
    """Keep how long it took from the enqueueing to here, in seconds."""
    valkey.client().rpush(valkey.key("delays"), str(timezone.now().timestamp() - sent))
