"""Transactions of doors."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS, transaction


class DoorTransaction(transaction.Atomic):
    """A door's own outermost transaction, in which durable commands may nest.

    For the two cases in which a door has to commit something together with a command: the idempotency
    key with its answer, and third-party views (allauth, admin) that write without opening one. It is as
    durable as the command itself: it refuses to be nested in a transaction of ours.
    """

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        super().__init__(using=using, savepoint=True, durable=True)
        # What Django sets for its own test cases: durable blocks accept to be nested in this one.
        self._from_testcase = True
