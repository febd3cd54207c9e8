"""Two tenants, 10,000 random steps over SQL and everything else: nobody ever reads the other's (F7)."""

from __future__ import annotations

import asyncio
import contextvars
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from shared_apps.core.context import host_context, tenant_context
from shared_apps.core.envelope import Envelope
from shared_apps.core.signing import sign, unsign
from shared_apps.core.tasks import tenant_task
from shared_apps.core.throttling import hit
from shared_apps.tenants.models import Tenant
from tenant_apps.members.models import Member

STEPS = 10_000


@tenant_task("drill.read_members")
def read_members(*, limit: int) -> list[str]:
    """A background task as the apps write them."""
    return list(Member.objects.values_list("email", flat=True)[:limit])


pytestmark = [pytest.mark.req("F7"), pytest.mark.django_db]


class World:
    """Does steps in both tenants and counts what it read that was not its own."""

    def __init__(self, tenants: list[Tenant], seed: int) -> None:
        self.tenants, self.random = tenants, random.Random(seed)
        self.done: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()
        self.foreign: list[str] = []

    def expect(self, step: str, tenant: Tenant, value: Any) -> None:
        self.done[step] += 1
        if value is not None and tenant.slug not in str(value):
            self.foreign.append(f"{step} in {tenant.slug} read {value!r}")

    def sql_read(self, tenant: Tenant) -> None:
        for email in Member.objects.values_list("email", flat=True)[:3]:
            self.expect("sql_read", tenant, email)

    def sql_write(self, tenant: Tenant) -> None:
        with transaction.atomic():
            member = Member.objects.order_by("?").first()
            member.name = f"{tenant.slug} {self.random.random()}"
            member.save(update_fields=["name"])
        self.expect("sql_write", tenant, member.email)

    def sql_raw(self, tenant: Tenant) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema(), current_user")
            schema, role = cursor.fetchone()
        assert (schema, role) == (tenant.schema_name, tenant.db_role)
        self.done["sql_raw"] += 1

    def cache(self, tenant: Tenant) -> None:
        key = f"k{self.random.randrange(5)}"
        self.expect("cache", tenant, caches["default"].get(key))
        caches["default"].set(key, f"{tenant.slug} value", 60)

    def host_cache(self, tenant: Tenant) -> None:
        with host_context(tenant):
            self.expect("host_cache", tenant, caches["host"].get("throttle"))
            caches["host"].set("throttle", f"{tenant.slug} budget", 60)

    def throttle(self, tenant: Tenant) -> None:
        """100 requests an hour are each tenant's own: nobody is refused for the other's."""
        with host_context(tenant):
            self.hits[tenant.slug] += 1
            self.done["throttle"] += 1
            if hit("anonymous", "192.0.2.7") is not None and self.hits[tenant.slug] <= 100:
                self.foreign.append(f"throttle in {tenant.slug} at its request {self.hits[tenant.slug]}")

    def storage(self, tenant: Tenant) -> None:
        name = f"f{self.random.randrange(5)}.txt"
        if default_storage.exists(name):
            with default_storage.open(name) as file:
                self.expect("storage", tenant, file.read().decode())
            default_storage.delete(name)
        default_storage.save(name, ContentFile(f"{tenant.slug} file".encode()))
        assert tenant.schema_name in default_storage.path(name)

    def signature(self, tenant: Tenant) -> None:
        from datetime import timedelta

        with host_context(tenant):
            text = sign("drill", tenant.slug)
            self.expect("signature", tenant, unsign("drill", text, max_age=timedelta(minutes=1)))

    def celery(self, tenant: Tenant) -> None:
        """A task runs where its header says, from wherever it is started, and leaves no context behind."""
        other = self.random.choice(self.tenants)
        headers = Envelope(other.schema_name).seal("drill.read_members", {"limit": 2})
        result = read_members.apply(kwargs={"limit": 2}, headers=headers)
        for email in result.get():
            self.expect("celery", other, email)
        self.sql_raw(tenant)

    def nested(self, tenant: Tenant) -> None:
        other = next(one for one in self.tenants if one.pk != tenant.pk)
        with tenant_context(other):
            self.sql_read(other)
        self.sql_read(tenant)

    def broken(self, tenant: Tenant) -> None:
        """A failing block leaves nothing behind."""
        try:
            with transaction.atomic():
                Member.objects.first()
                raise ZeroDivisionError
        except ZeroDivisionError:
            self.sql_raw(tenant)

    def run(self, steps: int) -> None:
        choices: list[Callable[[Tenant], None]] = [
            self.sql_read, self.sql_write, self.sql_raw, self.cache, self.host_cache, self.storage,
            self.signature, self.nested, self.broken, self.celery, self.throttle,
        ]  # fmt: skip
        for _ in range(steps):
            tenant = self.random.choice(self.tenants)
            with tenant_context(tenant):
                self.random.choice(choices)(tenant)


def test_ten_thousand_steps(acme: Tenant, globex: Tenant, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT, settings.THROTTLE_FACTOR = tmp_path, 1
    world = World([acme, globex], seed=7)
    world.run(STEPS)
    assert world.foreign == []
    assert sum(world.done.values()) >= STEPS
    assert min(world.done.values()) > STEPS // 50
    assert min(world.hits.values()) > 100


@pytest.mark.django_db(transaction=True)
def test_threads_do_not_share_a_context() -> None:
    tenants = list(Tenant.objects.order_by("id"))
    worlds = [World(tenants, seed) for seed in range(6)]
    errors: list[BaseException] = []

    def work(world: World) -> None:
        from shared_apps.core.context import audit_context

        try:
            with audit_context(actor_label="test"):
                for _ in range(150):
                    tenant = world.random.choice(tenants)
                    with tenant_context(tenant):
                        world.random.choice([world.sql_read, world.sql_raw, world.cache, world.nested])(
                            tenant
                        )
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=contextvars.Context().run, args=(work, world)) for world in worlds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [line for world in worlds for line in world.foreign] == []


@pytest.mark.django_db(transaction=True)
def test_async_tasks_and_channel_groups() -> None:
    tenants = list(Tenant.objects.order_by("id"))

    def read_emails() -> list[str]:
        emails = list(Member.objects.values_list("email", flat=True))
        connection.close()
        return emails

    async def read(tenant: Tenant) -> list[str]:
        with tenant_context(tenant):
            await asyncio.sleep(random.random() / 100)
            return await sync_to_async(read_emails, thread_sensitive=False)()

    async def channels() -> list[Any]:
        layer = get_channel_layer()
        names = {tenant.slug: await layer.new_channel() for tenant in tenants}
        for tenant in tenants:
            await layer.group_add(f"{tenant.schema_name}.orders", names[tenant.slug])
        for tenant in tenants:
            for number in range(20):
                message = {"type": "order", "tenant": tenant.slug, "number": number}
                await layer.group_send(f"{tenant.schema_name}.orders", message)
        received = []
        for tenant in tenants:
            for _ in range(20):
                received.append((tenant.slug, await asyncio.wait_for(layer.receive(names[tenant.slug]), 5)))
        return received

    async def everything() -> tuple[list[Any], list[Any]]:
        chosen = [random.choice(tenants) for _ in range(60)]
        emails = await asyncio.gather(*(read(tenant) for tenant in chosen))
        return list(zip(chosen, emails, strict=True)), await channels()

    read_by, received = async_to_sync(everything)()
    assert all(email.endswith(f"@{tenant.slug}.example.com") for tenant, found in read_by for email in found)
    assert len(received) == 40
    assert all(slug == message["tenant"] for slug, message in received)
