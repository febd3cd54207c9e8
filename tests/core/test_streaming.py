"""A streamed answer keeps its tenant after the middlewares have left it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import AsyncRequestFactory, RequestFactory

from shared_apps.core.context import current_schema, platform_context, tenant_context
from shared_apps.core.streaming import in_context, stream
from tenant_apps.members.models import Member


def emails(closed: list[str]) -> Iterator[str]:
    try:
        for member in Member.objects.order_by("email").iterator():
            yield f"{current_schema()} {member.email}\n"
    finally:
        closed.append(current_schema())


@pytest.mark.django_db
def test_under_wsgi_it_streams_in_its_tenant(acme):
    closed: list[str] = []
    with tenant_context(acme):
        response = stream(RequestFactory().get("/"), emails(closed), content_type="text/plain")
    with platform_context():
        first = next(iter(response.streaming_content))
        assert current_schema() == "public"
    assert first.decode().startswith(f"{acme.schema_name} ")
    assert closed == []
    response.close()
    assert closed == [acme.schema_name]


@pytest.mark.django_db(transaction=True)
def test_under_asgi_it_is_an_async_iterator_that_does_not_buffer(acme):
    made: list[int] = []
    closed: list[str] = []

    def numbers() -> Iterator[str]:
        try:
            for number in range(5):
                made.append(number)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT current_setting('role')")
                    yield f"{number} {cursor.fetchone()[0]}"
        finally:
            closed.append(current_schema())
            connection.close()

    async def main() -> list[str]:
        with tenant_context(acme):
            chunks = in_context(AsyncRequestFactory().get("/"), numbers())
        seen = []
        async for chunk in chunks:
            assert len(made) == len(seen) + 1
            seen.append(chunk)
            if len(seen) == 3:
                await chunks.aclose()
        return seen

    seen = asyncio.run(main())
    assert seen == [f"{number} tr_{acme.schema_name}" for number in range(3)]
    assert closed == [acme.schema_name]
