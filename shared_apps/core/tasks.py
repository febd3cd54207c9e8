"""Tasks that know where they run, and the kernel's own.

A task never trusts the thread it runs in: it starts from an empty context, opens its signed header, enters
that tenant, and leaves nothing behind, whether it ends or raises.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.db import transaction
from django.utils import timezone

from . import directory, outbox, streams
from .background import RUNNING, AlreadyDone, mark_done
from .context import PUBLIC, SchemaRef, audit_context, current_schema, fresh_context, tenant_context
from .envelope import Envelope, TaskRefused
from .models import IdempotencyKey, OutboxMessage
from .outbox import POLICIES, TaskPolicy

_KEEP_DONE = timedelta(days=3)
_KEEP_KEYS = timedelta(hours=48)
_PRUNE_BATCH = 5000


class KernelTask(Task):  # type: ignore[type-arg]
    """Base of all tasks of ours: compares header and context, and marks the outbox row."""

    abstract = True

    def expected(self, envelope: Envelope | None, kwargs: dict[str, Any]) -> Envelope:
        """The envelope that this kind of task accepts. Raises TaskRefused."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args:
            raise TaskRefused(f"{self.name}: arguments are named")
        # A copy: whatever the task binds stays in it, also under thread pools that share contexts.
        return contextvars.copy_context().run(self._guarded, kwargs)

    def _guarded(self, kwargs: dict[str, Any]) -> Any:
        with fresh_context():
            envelope = self.expected(Envelope.open(self.request.headers, self.name, kwargs), kwargs)
            tenant = directory.find_active(envelope.schema)
            if tenant is None or tenant.schema_name != envelope.schema:
                raise TaskRefused(f"{self.name}: no active tenant has the schema {envelope.schema!r}")
            with (
                tenant_context(tenant),
                audit_context(actor_label=self.name, request_id=envelope.request_id),
            ):
                return self._delivered(envelope, tenant, kwargs)

    def _delivered(self, envelope: Envelope, tenant: SchemaRef, kwargs: dict[str, Any]) -> Any:
        message = envelope.message
        if message is None:
            return self.run(**kwargs)
        redelivered = (self.request.delivery_info or {}).get("redelivered", False)
        if not outbox.is_open(message) or (redelivered and not outbox.count_redelivery(message)):
            return None
        RUNNING.set(message)
        try:
            result = self.run(**kwargs)
            if current_schema() != envelope.schema:
                raise RuntimeError(f"{self.name} began in {envelope.schema}, ended in {current_schema()}")
        except AlreadyDone:
            return None
        except Exception as error:
            with tenant_context(tenant):
                outbox.record_failure(message, error)
            raise
        with transaction.atomic(durable=True):
            mark_done(message)
        return result


class TenantTask(KernelTask):
    """Runs in the tenant that its header names, or not at all."""

    abstract = True

    def expected(self, envelope: Envelope | None, kwargs: dict[str, Any]) -> Envelope:
        if envelope is None:
            raise TaskRefused(f"{self.name}: a tenant task needs a tenant header")
        if envelope.schema == PUBLIC:
            raise TaskRefused(f"{self.name}: a tenant task does not run in {PUBLIC}")
        return envelope


class PlatformTask(KernelTask):
    """Runs in the public schema; unsigned (from beat) only when nobody could slip it arguments."""

    abstract = True

    def expected(self, envelope: Envelope | None, kwargs: dict[str, Any]) -> Envelope:
        if envelope is None:
            if kwargs:
                raise TaskRefused(f"{self.name}: arguments need a signed header")
            return Envelope(PUBLIC)
        if envelope.schema != PUBLIC:
            raise TaskRefused(f"{self.name}: a platform task does not run in {envelope.schema!r}")
        return envelope


def _declare(base: type[KernelTask], name: str, policy: TaskPolicy, options: dict[str, Any]) -> Any:
    known = POLICIES.setdefault(name, policy)
    if known != policy:
        raise ValueError(f"two tasks are named {name}")
    return shared_task(name=name, base=base, **options)


def tenant_task(
    name: str, *, retry_after: int = 60, max_attempts: int = 8, **options: Any
) -> Callable[[Callable[..., Any]], Any]:
    """Declare a task that runs inside a tenant: ``@tenant_task("trading.send_order")``.

    The function gets its arguments by name and must be idempotent: it may run twice. ``retry_after`` is
    the number of seconds after which an unfinished delivery is sent again; give more than it can take.
    """
    return _declare(TenantTask, name, TaskPolicy(retry_after, max_attempts), options)  # type: ignore[no-any-return]


def platform_task(
    name: str, *, retry_after: int = 60, max_attempts: int = 8, **options: Any
) -> Callable[[Callable[..., Any]], Any]:
    """Declare a task that runs in the public schema; see :func:`tenant_task`."""
    return _declare(PlatformTask, name, TaskPolicy(retry_after, max_attempts), options)  # type: ignore[no-any-return]


@platform_task("core.dispatch_outbox")
def dispatch_outbox(*, schemas: list[str]) -> None:
    """Publish what is due in these schemas."""
    outbox.dispatch(schemas)


@platform_task("core.sweep_outbox")
def sweep_outbox() -> None:
    """Look into every active schema for messages whose hint was lost or that must be sent again."""
    for names in directory.chunks([PUBLIC, *directory.active_schemas()], 100):
        outbox.publish("core.dispatch_outbox", schema=PUBLIC, kwargs={"schemas": names}, expires=60)


@platform_task("core.fan_out")
def fan_out(*, task: str, spread: float, expires: float) -> None:
    """Start a periodic task in every active tenant."""
    outbox.fan_out(task, directory.active_schemas(), spread=spread, expires=expires)


def _prune() -> None:
    now = timezone.now()
    old = [
        OutboxMessage.objects.filter(status=OutboxMessage.Status.DONE, done_at__lt=now - _KEEP_DONE),
        IdempotencyKey.objects.filter(created_at__lt=now - _KEEP_KEYS),
    ]
    for rows in old:
        with transaction.atomic(durable=True):
            ids = list(rows.values_list("pk", flat=True)[:_PRUNE_BATCH])
            rows.model._default_manager.filter(pk__in=ids).delete()


@tenant_task("core.prune_tenant")
def prune_tenant() -> None:
    """Delete a tenant's finished messages after 3 days and its idempotency keys after 48 hours."""
    _prune()


@platform_task("core.prune_platform")
def prune_platform() -> None:
    """The same for the public schema."""
    _prune()


@tenant_task("core.deliver_stream")
def deliver_stream(*, keys: list[str], text: str) -> None:
    """Deliver a live message whose own process died before it could."""
    _deliver_late(keys, text)


@platform_task("core.deliver_platform_stream")
def deliver_platform_stream(*, keys: list[str], text: str) -> None:
    """The same for the streams of the public schema."""
    _deliver_late(keys, text)


def _deliver_late(keys: list[str], text: str) -> None:
    message = RUNNING.get()
    if message is None:
        raise TaskRefused("a live message is delivered from the outbox only")
    streams.deliver([(message, keys, text)])
