"""One client of the ledger: Django posts transfers for some seconds, told to line by line.

``python -m bench.ledger_writer SCHEMA``; a line ``uniform 3`` or ``hot 3`` is answered by how many transfers
were committed.
"""

from __future__ import annotations

import os
import random
import sys
import time

import django

#: Accounts that money moves between, and the one that everybody pays in the hot case.
ACCOUNTS, HOT = 1000, "revenue:fees"


def code(number: int) -> str:
    """The code of one of the accounts."""
    return f"member:{number}"


def main(schema: str) -> None:
    """Answer lines until the input ends."""
    django.setup()
    from django.db import transaction

    from shared_apps.core.context import Schema, audit_context, tenant_context
    from shared_apps.ledger import services
    from shared_apps.ledger.rules import Leg

    count = 0

    def transfer(target: str | None) -> None:
        source = random.randrange(ACCOUNTS)
        other = target or code((source + random.randrange(1, ACCOUNTS)) % ACCOUNTS)
        with transaction.atomic(durable=True):
            services.post(
                key=f"bench:{os.getpid()}:{count}", kind="transfer",
                legs=[Leg(code(source), "EUR", -1), Leg(other, "EUR", 1)],
            )  # fmt: skip

    actor = {"actor_id": 1, "actor_email": "trader@bench.example.com", "request_id": "0" * 32}
    with tenant_context(Schema(schema)), audit_context(**actor, remote_addr="127.0.0.1"):
        for line in sys.stdin:
            case, seconds = line.split()
            before, until = count, time.perf_counter() + float(seconds)
            while time.perf_counter() < until:
                transfer(HOT if case == "hot" else None)
                count += 1
            print(count - before, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
