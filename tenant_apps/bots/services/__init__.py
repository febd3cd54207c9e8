"""Every write of bots."""

from .control import create_bot, pause_bot, start_bot, stop_bot, switch_strategy
from .quota import count_minute, pause_running
from .running import run_bot

__all__ = [
    "count_minute",
    "create_bot",
    "pause_bot",
    "pause_running",
    "run_bot",
    "start_bot",
    "stop_bot",
    "switch_strategy",
]
