"""Inside each worker: turns hints in Valkey into ``core.dispatch_outbox`` tasks, within milliseconds.

A thread of the worker's main process that touches no database (connections must not cross a fork). Losing
a hint costs time only: the sweep finds the rows.
"""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import Any

from celery import bootsteps
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from . import outbox, valkey
from .background import HINTS
from .context import PUBLIC

logger = logging.getLogger(__name__)

_WAIT = 1.0  # seconds that one blocking pop may take, and so the longest time to stop
_MANY = 500


class OutboxBridge(bootsteps.StartStopStep):
    """Worker boot step that owns the thread."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="outbox-bridge", daemon=True)

    def start(self, parent: Any) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self, parent: Any) -> None:
        """Stop listening; a pop in progress ends by itself."""
        self._stopping.set()

    def terminate(self, parent: Any) -> None:
        """The same when the worker is told to stop at once."""
        self.stop(parent)

    def _run(self) -> None:
        client, hints = valkey.waiting_client(longest_wait=_WAIT), valkey.platform_key(HINTS)
        while not self._stopping.is_set():
            try:
                first: Any = client.bzpopmin([hints], timeout=_WAIT)
                if first is None:
                    continue
                others: Any = client.zpopmin(hints, _MANY)
                schemas = [name.decode() for name in (first[1], *(name for name, _score in others))]
                outbox.publish("core.dispatch_outbox", schema=PUBLIC, kwargs={"schemas": schemas}, expires=60)
            except (RedisError, OperationalError) as error:
                logger.warning("outbox.bridge_waits", extra={"error": str(error)})
                self._stopping.wait(_WAIT)
