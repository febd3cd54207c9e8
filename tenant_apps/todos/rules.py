"""Decisions about to-dos: no database, no clock."""

from __future__ import annotations

from datetime import date, datetime


def done_at(done: bool, before: datetime | None, now: datetime) -> datetime | None:
    """When a to-do counts as done: the first time it was ticked off, nothing once it is reopened."""
    if not done:
        return None
    return before or now


def is_overdue(due_on: date | None, done: bool, today: date) -> bool:
    """Whether a to-do should have been done before ``today``."""
    return due_on is not None and not done and due_on < today
