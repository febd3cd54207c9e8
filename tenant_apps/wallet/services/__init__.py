"""Every write to wallets.

``hold``, ``capture``, ``release``, ``charge``, ``pay`` and ``give`` are the steps for apps above; the
commands are for doors.
"""

from .deposits import NextStep, begin_deposit, start_deposit
from .destinations import add_destination, remove_destination
from .moving import House, capture, charge, give, hold, pay, release, settle_debt
from .standing import freeze_wallet, unfreeze_wallet
from .transfers import send_transfer
from .withdrawals import approve_withdrawal, cancel_withdrawal, reject_withdrawal, request_withdrawal

__all__ = [
    "House",
    "NextStep",
    "add_destination",
    "approve_withdrawal",
    "begin_deposit",
    "cancel_withdrawal",
    "capture",
    "charge",
    "freeze_wallet",
    "give",
    "hold",
    "pay",
    "reject_withdrawal",
    "release",
    "remove_destination",
    "request_withdrawal",
    "send_transfer",
    "settle_debt",
    "start_deposit",
    "unfreeze_wallet",
]
