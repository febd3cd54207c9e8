"""A remote payout service that remembers in a file, and a worker that is killed at a chosen moment.

``python -m tests.wallet.remote_payouts PAYOUT FILE MOMENT`` sends one payout as the worker does and ends itself
by SIGKILL: ``before`` anything was sent, ``sent`` but not answered, or ``settling`` the withdrawal.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from billing.payments.providers.base import ObjectKind, PayoutIntent, Snapshot


class RemotePayouts:
    """Sends each key once, whoever asks; the file is the other side's memory."""

    def __init__(self, memory: Path, kill: Callable[[str], None] = lambda moment: None) -> None:
        self._memory, self._kill = memory, kill

    def sent(self) -> list[str]:
        """The keys of everything that was sent."""
        return self._memory.read_text().split() if self._memory.exists() else []

    def payout(self, intent: PayoutIntent, *, idempotency_key: str) -> Snapshot:
        """A service without idempotency: asked twice it pays twice."""
        self._kill("before")
        with self._memory.open("a") as memory:
            memory.write(f"{idempotency_key}\n")
        self._kill("sent")
        return self._settled(intent)

    def find(self, intent: PayoutIntent, *, idempotency_key: str) -> Snapshot | None:
        """What became of a key; None proves that nothing was sent."""
        return self._settled(intent) if idempotency_key in self.sent() else None

    def _settled(self, intent: PayoutIntent) -> Snapshot:
        return Snapshot(
            kind=ObjectKind.PAYOUT, reference=str(intent.payout_id), state="settled", money=intent.money
        )


def install(remote: Any) -> None:
    """Let PayPal's accounts of this process talk to that service."""
    from billing.payments.providers.base import provider_type, register_provider

    register_provider(replace(provider_type("paypal"), build=lambda account: remote))


def main() -> None:
    """The worker that is killed."""
    import django

    django.setup()
    payout_id, memory, moment = UUID(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

    def kill(now: str) -> None:
        if now == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    from billing.payments.events import PayoutSettled
    from billing.payments.services import send_payout
    from shared_apps.core.context import audit_context
    from shared_apps.core.events import subscribe

    install(RemotePayouts(memory, kill))
    subscribe(
        PayoutSettled, lambda event: kill("settling")
    )  # after the wallet's: all is written, nothing committed
    with audit_context(actor_label="test"):
        send_payout(payout_id)


if __name__ == "__main__":
    main()
