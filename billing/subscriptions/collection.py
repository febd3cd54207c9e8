"""How money comes in: a registry of methods. What they ask for is a SubscriptionCharge; what decides is the
payment that answers to it (``payments`` tells it by its events), never what a method says."""

from __future__ import annotations

from typing import Protocol

from django.utils.functional import Promise

from .models import Subscription, SubscriptionCharge


class Method(Protocol):
    """One way to collect. ``name`` is stored with the contract."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str | Promise: ...

    def is_offered(self, contract: Subscription) -> bool:
        """Whether this contract may be collected this way (the seller has what it takes)."""
        ...

    def collect(self, contract: Subscription, charge: SubscriptionCharge) -> bool:
        """Step: try to collect a charge without the person, after the commit; rows are locked.

        False: this needs the person, who is asked by mail.
        """
        ...

    def changed(self, contract: Subscription) -> None:
        """Step: the contract is another (plan, cancellation, pause): what is kept elsewhere follows."""
        ...


_METHODS: dict[str, Method] = {}


def register(method: Method) -> None:
    """Make a method known; called in an app's ``ready()``. Raises ValueError for a taken name."""
    if method.name in _METHODS and type(_METHODS[method.name]) is not type(method):
        raise ValueError(f"there is a method {method.name!r} already")
    _METHODS[method.name] = method


def method_named(name: str) -> Method | None:
    """The method of that name, None for one that is gone."""
    return _METHODS.get(name)


def methods_for(contract: Subscription) -> list[Method]:
    """The methods that a contract may be collected by, by name."""
    return [method for _name, method in sorted(_METHODS.items()) if method.is_offered(contract)]
