"""``python -m tests.crash.bank DIRECTORY``: a bank with writers that can be killed one by one.

Migrates, makes a tenant's schema, prints its name, and then forks a writer for each line of its input and
prints its pid: Django starts once. A writer notes in a file of its own what it is about to do and what was
acknowledged; those lines survive its kill -9.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

MEMBERS = 12
OPENING = 1000


def nursery(directory: Path) -> None:
    """Answer lines until the input ends."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections, transaction

    from shared_apps.core.context import Schema, audit_context, tenant_context
    from shared_apps.ledger import services
    from shared_apps.ledger.rules import Leg
    from shared_apps.tenants import provisioning, rules

    call_command("migrate_tenants", no_spares=True, stdout=sys.stderr)
    schema = rules.new_schema_name()
    provisioning.build_schema(schema)
    here = tenant_context(Schema(schema)), audit_context(actor_label="bank")
    with here[0], here[1], transaction.atomic():
        for number in range(MEMBERS):
            legs = [Leg("clearing:x:1", "EUR", -OPENING), Leg(f"member:{number}", "EUR", OPENING)]
            services.post(key=f"opening:{number}", kind="opening", legs=legs)
    connections.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    tell(schema)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            with tenant_context(Schema(schema)), audit_context(actor_label="bank"):
                Writer(line.strip(), directory).run()
            os._exit(0)
        tell(str(pid))


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Writer:
    """Moves money between members until it is killed; repeats with the same key what was not answered."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.random = random.Random(name)
        self.journal = os.open(directory / f"{name}.log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def note(self, *words: object) -> None:
        os.write(self.journal, (" ".join(map(str, words)) + "\n").encode())

    def until_answered(self, step: Callable[[], Any]) -> Any:
        """Commit a step and give its answer; None when the ledger refused it."""
        from django.db import DatabaseError, InterfaceError, connection, transaction

        from shared_apps.core.errors import UnprocessableError

        while True:
            try:
                with transaction.atomic(durable=True):
                    answer = step()
            except UnprocessableError:
                return None
            except (DatabaseError, InterfaceError):
                connection.close()
                time.sleep(0.02)
            else:
                return answer

    def run(self) -> None:
        """Transfer; every third time hold first and capture what was held."""
        from shared_apps.ledger import services
        from shared_apps.ledger.rules import Leg

        number = 0
        while True:
            number += 1
            key, amount = f"{self.name}:{number}", self.random.randint(1, 40)
            source, target = self.random.sample(range(MEMBERS), 2)
            legs = [Leg(f"member:{source}", "EUR", -amount), Leg(f"member:{target}", "EUR", amount)]
            transfer = partial(services.post, key=key, kind="transfer", legs=legs)
            if number % 3 == 0:
                reserve = partial(
                    services.hold, key=f"{key}:h", code=f"member:{source}", asset="EUR", minor_units=amount
                )
                held = self.until_answered(reserve)
                if held is None:
                    continue
                transfer = partial(services.capture, held.pk, key=key, kind="captured", legs=legs)
            self.note("try", key, amount)
            if self.until_answered(transfer) is not None:
                self.note("ack", key, amount)


if __name__ == "__main__":
    nursery(Path(sys.argv[1]))
