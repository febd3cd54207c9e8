"""Each ban bites what it is for, and lets pass what it is not for."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import bans

OURS = "tenant_apps/example/services.py"

BITES = [
    ("with-tenant", "with tenant:\n    pass\n"),
    ("with-tenant", "with request.tenant:\n    pass\n"),
    ("with-tenant", "async def f():\n    async with other_tenant:\n        pass\n"),
    ("context-as-decorator", "@schema_context('a')\ndef f(): pass\n"),
    ("context-as-decorator", "@core.tenant_context(t)\nasync def f(): pass\n"),
    ("schema-of-connection", "async def f():\n    return connection.schema_name\n"),
    ("schema-of-connection", "x = connections['default'].tenant\n"),
    ("set-schema", "connection.set_schema_to_public()\n"),
    ("set-schema", "connections['default'].set_tenant(t)\n"),
    ("bare-publish", "send_order.delay(1)\n"),
    ("bare-publish", "send_order.apply_async(kwargs={})\n"),
    ("bare-publish", "transaction.on_commit(send_order.delay)\n"),
    ("on-commit-publish", "on_commit(lambda: send_order.delay(1))\n"),
    ("on-commit-publish", "transaction.on_commit(partial(background.enqueue, 'a.b'))\n"),
    ("built-sql", "cursor.execute(f'SELECT {name}')\n"),
    ("built-sql", "cursor.execute('SELECT %s' % name)\n"),
    ("built-sql", "cursor.execute('SELECT ' + name)\n"),
    ("built-sql", "cursor.execute('SELECT {}'.format(name))\n"),
    ("built-sql", "Todo.objects.raw(f'SELECT {name}')\n"),
    ("built-sql", "x = RawSQL('a = %s' % name, [])\n"),
    ("built-sql", "def f():\n    sql = f'SELECT {name}'\n    cursor.execute(sql)\n"),
    ("built-sql", "cursor.execute(' '.join(parts))\n"),
    ("context-variable", "CURRENT.set(tenant)\n"),
    ("context-variable", "context.AUDIT.reset(token)\n"),
    ("plain-signing", "from django.core import signing\n"),
    ("plain-signing", "from django.core.signing import TimestampSigner\n"),
    ("too-long", "x = 1\n" * 401),
]
PASSES = [
    "with tenant_context(tenant):\n    pass\n",
    "@transaction.atomic(durable=True)\ndef f(): pass\n",
    "schema = current_schema()\ntenant.schema_name\nrequest.tenant\n",
    "enqueue('trading.send_order', order_id=order.id)\n",
    "transaction.on_commit(lambda: hosts.forget(host))\n",
    "cursor.execute('SELECT 1 WHERE a = %s', [name])\n",
    "cursor.execute(sql.SQL('SELECT {}').format(sql.Identifier(name)))\n",
    "# sql: the name is a constant of this module\ncursor.execute(f'SELECT {NAME}')\n",
    "text = f'{a}'\nlog(text)\n",
    "seen.set(1)\ncache.set('a', 1)\n",
    "from shared_apps.core.signing import sign\n",
    "x = 1\n" * 400,
]


@pytest.mark.parametrize(("rule", "source"), BITES)
def test_a_ban_bites(rule, source):
    assert rule in {finding.rule for finding in bans.check_source(OURS, source)}


@pytest.mark.parametrize("source", PASSES)
def test_good_code_passes(source):
    assert bans.check_source(OURS, source) == []


def test_every_ban_is_tried_and_says_why():
    assert {ban.name for ban in bans.BANS} == {rule for rule, _source in BITES}
    assert all(len(ban.reason) > 30 for ban in bans.BANS)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("shared_apps/core/outbox.py", "task.apply_async()\n"),
        ("shared_apps/tenants/middleware.py", "CURRENT.set(tenant)\n"),
        ("shared_apps/core/signing.py", "from django.core import signing\n"),
    ],
)
def test_the_kernel_may_do_what_only_it_may(path, source):
    assert bans.check_source(path, source) == []


def test_the_repository_keeps_the_rules():
    root = Path(__file__).resolve().parent.parent.parent
    assert [str(finding) for finding in bans.check_repository(root)] == []
