"""Every write of bots."""

from .control import create_bot, pause_bot, start_bot, stop_bot, switch_strategy
from .running import run_bot

__all__ = ["create_bot", "pause_bot", "run_bot", "start_bot", "stop_bot", "switch_strategy"]
