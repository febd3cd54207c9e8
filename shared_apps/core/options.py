"""Numbers that people may change, each owned by the app that uses it (S2-8).

An app declares its own in its ``options.py``, which is imported at start, and reads them where it needs
them::

    LIFETIME = register(Option("users.code_lifetime", kind=timedelta, default=timedelta(minutes=10), …))
    LIFETIME.value()  # of the host's tenant, else of its plan, else of the platform, else the default

This module knows no tables. Whoever stores what was changed registers one resolver; reading stays a look-up
in a mapping that the resolver keeps. Without a resolver every option has its default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from decimal import Decimal
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar, cast

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from .context import host_schema
from .errors import DomainError

T = TypeVar("T")
Text = str | Promise

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,59}\Z")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,18})?\Z")
_SWITCH: Final = {"true": True, "on": True, "yes": True, "1": True,
                  "false": False, "off": False, "no": False, "0": False}  # fmt: skip
_MAX_TEXT = 255
_SECOND = timedelta(seconds=1)
_KINDS: Final = {int: "integer", Decimal: "decimal", bool: "switch", str: "text", timedelta: "duration"}


class Scope(IntEnum):
    """The narrowest place that an option may be changed at; every wider one may change it too."""

    PLATFORM = 1
    PLAN = 2
    TENANT = 3


@dataclass(frozen=True, eq=False)
class Option(Generic[T]):
    """One number, switch or text with its bounds.

    ``kind`` is int, Decimal, bool, str or timedelta (given and stored in whole seconds). ``minimum`` and
    ``maximum`` are inclusive. ``choices`` are the values of a text with their labels. ``unit`` is what the
    number counts (``"s"``, ``"%"``, ``"B"``). ``source`` names the requirements or decisions that ask for it
    (``"S2-44"``, several by a space). With ``staff_only`` the tenant's owner reads it and only the platform's
    staff changes it; ``is_critical`` asks who changes it for a fresh proof of who they are.
    Raises ValueError for a declaration that contradicts itself.
    """

    name: str
    _: KW_ONLY
    kind: type[T]
    default: T
    label: Text
    source: str
    unit: str = ""
    minimum: T | None = None
    maximum: T | None = None
    choices: Sequence[tuple[str, Text]] = ()
    scope: Scope = Scope.PLATFORM
    staff_only: bool = False
    is_critical: bool = False
    help_text: Text = ""
    #: A further rule: raises DomainError for field ``value``.
    check: Callable[[T], None] | None = None

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(f"an option is named app.what, not {self.name!r}")
        if self.kind not in _KINDS:
            raise ValueError(f"{self.name}: no option holds a {self.kind!r}")
        if self.choices and self.kind is not str:
            raise ValueError(f"{self.name}: only a text has choices")
        if self.kind in (int, Decimal, timedelta) and (self.minimum is None or self.maximum is None):
            raise ValueError(f"{self.name}: a number has a minimum and a maximum")
        if self.kind is timedelta and self.unit not in ("", "s"):
            raise ValueError(f"{self.name}: a duration is given in seconds")
        if not self.source:
            raise ValueError(f"{self.name}: say which requirement or decision asks for it")
        try:
            if self.parse(self.plain(self.default)) != self.default:
                raise ValueError(f"{self.name}: its default cannot be written down")
        except DomainError as error:
            raise ValueError(f"{self.name}: its default breaks its bounds: {error.message}") from None

    @property
    def app(self) -> str:
        """Label of the app that owns it; pages group by it."""
        return self.name.partition(".")[0]

    @property
    def kind_name(self) -> str:
        """``integer``, ``decimal``, ``switch``, ``text``, ``choice`` or ``duration``."""
        return "choice" if self.choices else _KINDS[self.kind]

    @property
    def shown_unit(self) -> str:
        """The unit that people read behind the number."""
        return self.unit or ("s" if self.kind is timedelta else "")

    def value(self) -> T:
        """Its value for the tenant of the request's host (in a task: for the task's tenant)."""
        return self.value_for(host_schema())

    def value_for(self, schema: str) -> T:
        """Its value for the tenant with that schema; ``public`` is the platform."""
        return cast(T, _State.resolver(schema).get(self.name, self.default))

    def plain(self, value: T) -> int | bool | str:
        """A value as JSON and the store have it: durations in seconds, decimals as text."""
        if isinstance(value, timedelta):
            return value // _SECOND
        if isinstance(value, Decimal):
            return f"{value:f}"
        return cast("int | bool | str", value)

    def parse(self, raw: object) -> T:
        """The value that a form, JSON or the store gave. Raises DomainError (field ``value``)."""
        value = self._read(raw)
        if self.check is not None:
            self.check(value)
        return value

    def _read(self, raw: object) -> T:
        if self.kind is bool:
            return cast(T, self._switch(raw))
        if self.kind is str:
            return cast(T, self._text(raw))
        number: Any = self._decimal(raw) if self.kind is Decimal else self._whole(raw)
        if self.kind is timedelta:
            number = timedelta(seconds=number) if abs(number) < 10**11 else timedelta.max
        if number < self.minimum or number > self.maximum:
            raise self._refusal(
                "out_of_bounds",
                _("The value must be between %(minimum)s and %(maximum)s.")
                % {
                    "minimum": self.plain(cast(T, self.minimum)),
                    "maximum": self.plain(cast(T, self.maximum)),
                },
            )
        return cast(T, number)

    def _whole(self, raw: object) -> int:
        if isinstance(raw, int) and not isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and _WHOLE.match(raw.strip()):
            return int(raw)
        raise self._refusal("not_whole", _("The value must be a whole number."))

    def _decimal(self, raw: object) -> Decimal:
        if isinstance(raw, int) and not isinstance(raw, bool):
            raw = str(raw)
        if isinstance(raw, str) and _DECIMAL.match(raw.strip()):
            return Decimal(raw.strip())
        raise self._refusal("not_decimal", _("The value must be a number such as 0.05."))

    def _switch(self, raw: object) -> bool:
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw.strip().lower() in _SWITCH:
            return _SWITCH[raw.strip().lower()]
        raise self._refusal("not_switch", _("The value must be true or false."))

    def _text(self, raw: object) -> str:
        if not isinstance(raw, str) or len(raw) > _MAX_TEXT or not raw.isprintable():
            raise self._refusal(
                "not_text",
                _("The value must be one line of at most %(count)d characters.") % {"count": _MAX_TEXT},
            )
        if self.choices and raw not in {key for key, _label in self.choices}:
            raise self._refusal(
                "not_a_choice",
                _("The value must be one of: %(choices)s.")
                % {"choices": ", ".join(key for key, _label in self.choices)},
            )
        return raw

    def _refusal(self, rule: str, message: str) -> DomainError:
        return DomainError(f"option.{rule}", message, field="value")


@dataclass(frozen=True, eq=False)
class Flag(Option[bool]):
    """A feature that is on or off: for the platform, a plan, a tenant.

    The platform's value may also be a percentage ("25%"): so many of all tenants have it, always the same
    ones, and a higher percentage keeps those that had it.
    """

    _: KW_ONLY
    kind: type[bool] = bool
    default: bool = False
    scope: Scope = Scope.TENANT
    staff_only: bool = True

    def is_on(self) -> bool:
        """Whether the host's tenant has the feature."""
        return self.value()


#: What was changed for a schema: option names to values, tenant over plan over platform. Options at their
#: default are missing. It must be fast (a dictionary in the process) and never raise.
Resolver = Callable[[str], Mapping[str, Any]]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def _defaults_only(_schema: str) -> Mapping[str, Any]:
    return _NOTHING


class _State:
    resolver: Resolver = staticmethod(_defaults_only)


_OPTIONS: dict[str, Option[Any]] = {}


AnyOption = TypeVar("AnyOption", bound=Option[Any])


def register(option: AnyOption) -> AnyOption:
    """Make an option known. Raises ValueError when its name is taken."""
    if option.name in _OPTIONS:
        raise ValueError(f"there is an option {option.name!r} already")
    _OPTIONS[option.name] = option
    return option


def get_option(name: str) -> Option[Any]:
    """The option of that name. Raises KeyError."""
    return _OPTIONS[name]


def all_options() -> list[Option[Any]]:
    """Every option, by name."""
    return [_OPTIONS[name] for name in sorted(_OPTIONS)]


def changed_values(schema: str) -> Mapping[str, Any]:
    """What is not at its default for the tenant with that schema, by name."""
    return _State.resolver(schema)


def register_resolver(resolver: Resolver) -> None:
    """Name who knows what was changed; the last call wins."""
    _State.resolver = staticmethod(resolver)


@contextmanager
def values(changes: Mapping[Option[Any], Any]) -> Iterator[None]:
    """Give options other values for a block, for every schema, thread and door of this process.

    For tests and benchmarks. Raises DomainError for a value that breaks the option's bounds.
    """
    checked = {option.name: option.parse(option.plain(value)) for option, value in changes.items()}
    before = _State.resolver
    _State.resolver = staticmethod(lambda schema: {**before(schema), **checked})
    try:
        yield
    finally:
        _State.resolver = staticmethod(before)
