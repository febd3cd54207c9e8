"""Time at an account: what falls due happens in its order, each at its own moment."""

from __future__ import annotations

from collections.abc import Callable

from .books import SERVICE, Books

#: Each gives what is due next, as (moment, what to do), or None.
DUE: list[Callable[[Books], tuple[int, Callable[[], None]] | None]] = []


def follow(books: Books) -> None:
    """Everything that fell due since somebody last looked, by the account's own clock."""
    now = books.now
    while True:
        found = [each for each in (look(books) for look in DUE) if each is not None and each[0] <= now]
        if not found:
            break
        moment, act = min(found, key=lambda each: each[0])
        books.now = max(moment, 0)
        act()
    books.now = now


def advance(books: Books, moment: int) -> None:
    """Move the clock forward, for the account and those connected to it."""
    if moment < books.now:
        raise ValueError("clocks move forward")
    books.set_now(moment)
    follow(books)
    for account in books.world.store.all(SERVICE, "account", account=books.platform):
        follow(books.at(account["id"]))
