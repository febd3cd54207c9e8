"""Every write to payments.

Steps for apps above: ``begin_payment``, ``begin_again``, ``begin_refund``, ``begin_payout``. What asks a
provider and so runs outside of transactions: ``start_payment``, ``refresh_payment``, ``cancel_payment``,
``send_refund``, ``send_payout``, ``refresh``. The accounts: ``gateways``; notifications: ``deliveries``; what
staff confirm: ``staff``.
"""

from .begin import begin_again, begin_payment, begin_payout, begin_refund
from .calls import cancel_payment, refresh, refresh_payment, send_payout, send_refund, start_payment

__all__ = [
    "begin_again",
    "begin_payment",
    "begin_payout",
    "begin_refund",
    "cancel_payment",
    "refresh",
    "refresh_payment",
    "send_payout",
    "send_refund",
    "start_payment",
]
