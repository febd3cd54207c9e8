"""The states of an invoice and what moves it. Nothing moves back."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """``credited``: credit notes have taken all of it back."""

    OPEN = "open"
    PAID = "paid"
    CREDITED = "credited"


def state_of(*, gross: int, credited: int, is_paid: bool) -> State:
    """Where an invoice stands; a partly credited one stays what it was."""
    if gross and credited >= gross:
        return State.CREDITED
    return State.PAID if is_paid else State.OPEN


def number_text(prefix: str, year: int, sequence: int) -> str:
    """``INV-2026-00042``"""
    return f"{prefix}-{year}-{sequence:05d}"
