"""Every write of trading, one module for each intention."""

from .market import meet_market
from .placing import OrderPreview, cancel_order, close_position, place_order, preview_order, queue_order
from .sending import reconcile_order, send_cancel, send_order, take_up_stuck_orders

__all__ = [
    "OrderPreview",
    "cancel_order",
    "close_position",
    "meet_market",
    "place_order",
    "preview_order",
    "queue_order",
    "reconcile_order",
    "send_cancel",
    "send_order",
    "take_up_stuck_orders",
]
