"""What happens to wallets. ``user_id`` is whose wallet it is; amounts are in smallest units."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class DepositStarted(Event):
    """A member asked to pay in."""

    name = "wallet.deposit_started"

    deposit_id: UUID
    user_id: int
    currency: str
    minor_units: int
    provider: str


@dataclass(frozen=True, kw_only=True)
class DepositCredited(Event):
    """A payment came in and stands in the wallet."""

    name = "wallet.deposit_credited"

    deposit_id: UUID
    user_id: int
    currency: str
    minor_units: int


@dataclass(frozen=True, kw_only=True)
class DepositFailed(Event):
    """Nothing came of a payment."""

    name = "wallet.deposit_failed"

    deposit_id: UUID
    user_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class DepositReturned(Event):
    """Credited money went back to its payer; ``owed`` is what the wallet could not cover then."""

    name = "wallet.deposit_returned"

    deposit_id: UUID
    user_id: int
    currency: str
    minor_units: int
    owed: int
    why: str


@dataclass(frozen=True, kw_only=True)
class DepositRestored(Event):
    """A dispute was won: its money is back in the wallet."""

    name = "wallet.deposit_restored"

    deposit_id: UUID
    user_id: int
    currency: str
    minor_units: int


@dataclass(frozen=True, kw_only=True)
class DestinationAdded(Event):
    """A member may be paid out to a further place, after a while."""

    name = "wallet.destination_added"

    payoutdestination_id: UUID
    user_id: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class DestinationRemoved(Event):
    """A place is used no more."""

    name = "wallet.destination_removed"

    payoutdestination_id: UUID
    user_id: int


@dataclass(frozen=True, kw_only=True)
class WithdrawalStateChanged(Event):
    """A withdrawal was asked for (``before`` empty), approved, paid, or came to nothing."""

    name = "wallet.withdrawal_state_changed"

    withdrawal_id: UUID
    user_id: int
    before: str
    after: str
    currency: str
    minor_units: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class WithdrawalApproved(Event):
    """Somebody agreed; ``missing`` is how many others must agree before money moves."""

    name = "wallet.withdrawal_approved"

    withdrawal_id: UUID
    user_id: int
    missing: int


@dataclass(frozen=True, kw_only=True)
class TransferMade(Event):
    """Money went from one member to another."""

    name = "wallet.transfer_made"

    transfer_id: UUID
    user_id: int
    recipient_member_id: UUID
    currency: str
    minor_units: int


@dataclass(frozen=True, kw_only=True)
class WalletFrozen(Event):
    """Nothing leaves a wallet until it is opened again."""

    name = "wallet.frozen"

    wallet_id: UUID
    user_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class WalletUnfrozen(Event):
    """A wallet was opened again."""

    name = "wallet.unfrozen"

    wallet_id: UUID
    user_id: int
