"""A list of single shared objects among 100,000, over the API, against the same list with nothing around it.

In the first tenant the trader owns 20 accounts, 500 more are shared with them, and 99,480 belong to others
and are not shared. In the second there are the 20 and nothing else. Permissions are a condition of the one
statement of the list: what is measured is what the crowd adds (F31: 95 % of requests within 150 ms).
"""

from __future__ import annotations

import json
import time

from bench import servers
from bench.figures import in_turns, report, say
from bench.people import Seat, seats
from bench.web import Client, WebServer

ROWS, SHARED, OWN = 100_000, 500, 20
REQUESTS, WARM_UP = 300, 30
PATH = "/api/v1/trading/accounts/?page_size=20"

_OTHERS = """
INSERT INTO members_member
  (id, user_id, name, email, capabilities, waiting_capabilities, is_active, joined_at)
SELECT md5('member' || n)::uuid, 1000000 + n, 'Member ' || n, n || '@many.example.com', '{trader}', '{}',
  true, now()
FROM generate_series(1, 200) n
"""
_ACCOUNTS = """
INSERT INTO trading_accounts_tradingaccount
  (id, member_id, venue, name, mode, currency, status, status_reason, is_simulated, settings, created_at)
SELECT md5('account' || n)::uuid,
  CASE WHEN n <= %(own)s THEN %(member)s::uuid ELSE md5('member' || (n %% 200 + 1))::uuid END,
  'paper', 'Account ' || n, 'netting', 'EUR', 'connected', '', true, '{}', now()
FROM generate_series(1, %(rows)s) n
"""
_GRANTS = """
INSERT INTO members_userobjectgrant (id, user_id, permission_id, content_type_id, object_pk)
SELECT md5('grant' || n)::uuid, %(user)s, p.id, p.content_type_id, md5('account' || (n * 199))::uuid::text
FROM generate_series(1, %(shared)s) n, public.auth_permission p
JOIN public.django_content_type t ON t.id = p.content_type_id
WHERE p.codename = 'view_account' AND t.app_label = 'trading_accounts'
"""


def fill(seat: Seat, rows: int) -> None:
    """Put accounts, and where there are others too the shares, into a tenant."""
    from django.db import connection, transaction

    from shared_apps.core.context import Schema, audit_context, tenant_context
    from tenant_apps.members.models import Member

    values = {"rows": rows, "own": OWN, "member": str(seat.member_id), "shared": SHARED}
    with tenant_context(Schema(seat.schema)), audit_context(actor_label="bench.share"):
        values["user"] = Member.objects.values_list("user_id", flat=True).get(pk=seat.member_id)
        with transaction.atomic(), connection.cursor() as cursor:
            if rows > OWN:
                cursor.execute(_OTHERS)
            cursor.execute(_ACCOUNTS, values)
            if rows > OWN:
                cursor.execute(_GRANTS, values)


def seconds(client: Client, message: bytes) -> float:
    """Time that one request takes, from the client's side."""
    started = time.perf_counter()
    status, _head, _body = client.raw(message)
    assert status == 200, status
    return time.perf_counter() - started


def main() -> None:
    """Run the group."""
    database = "bench_share"
    servers.copy(servers.built(2), database)
    servers.enter(database)
    crowd, alone = seats()[:2]
    fill(crowd, ROWS)
    fill(alone, OWN)
    with servers.postgres.connect(database) as cluster:
        cluster.execute("ANALYZE")
    with WebServer(database) as server:
        client = Client(server.port)
        messages = [seat.request(PATH) for seat in (crowd, alone)]
        counts = [json.loads(client.raw(message)[2])["count"] for message in messages]
        # Each tenant of the benchmarks has one account from the beginning.
        assert counts == [OWN + SHARED + 1, OWN + 1], counts
        for message in messages:
            for _ in range(WARM_UP):
                seconds(client, message)
        say(f"{REQUESTS} requests each")
        many, few = in_turns(
            REQUESTS, *(lambda message=message: seconds(client, message) for message in messages)
        )
    p95 = many.percentile(0.95) * 1000
    report(
        "share.list_p95_ms", p95, "ms",
        {"the same list of 20 with nothing around it, 95 % (ms)": few.percentile(0.95) * 1000,
         "target (ms)": 150},
        REQUESTS,
    )  # fmt: skip
    servers.drop(database)
    report(
        "share.list_ratio", many.median / few.median, "x",
        {f"{OWN + SHARED} of {ROWS:,} (ms)": many.median * 1000, f"{OWN} of {OWN} (ms)": few.median * 1000},
        REQUESTS,
    )  # fmt: skip


if __name__ == "__main__":
    main()
