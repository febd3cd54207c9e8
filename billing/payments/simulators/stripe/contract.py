"""Stripe's types as a judge: is this what the API takes, is this what it answers?

Requests arrive as texts (form encoding), so checking a parameter also reads it: ``"10"`` where Stripe takes
an integer becomes 10, ``"ten"`` is a problem. Answers are JSON and have to be of their type as they stand.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import typing_extensions
from stripe import ListObject, StripeObject
from stripe._stripe_object import UntypedStripeObject

from .operations import Operation, api_name, fields

_LITERALS = (Literal, typing_extensions.Literal)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that Stripe would not take or say; ``where`` as Stripe names it: ``items[0][price]``."""

    where: str
    text: str
    kind: str = "type"

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" if self.where else self.text


def read_params(operation: Operation, sent: Any) -> tuple[dict[str, Any], list[Problem]]:
    """What was sent, of the right types, and what is wrong with it."""
    if operation.params is None:
        return {}, [Problem(key, "unknown parameter", "unknown") for key in sent]
    problems: list[Problem] = []
    value = _read(sent, operation.params, "", problems)
    return (value if isinstance(value, dict) else {}), problems


def _read(value: Any, hint: Any, where: str, problems: list[Problem]) -> Any:
    hint = _unwrapped(hint)
    origin = typing.get_origin(hint)
    if typing_extensions.is_typeddict(hint):
        return _read_mapping(value, hint, where, problems)
    if origin is typing.Union:
        return _read_union(value, typing.get_args(hint), where, problems)
    if origin in _LITERALS:
        if value in typing.get_args(hint):
            return value
        return _wrong(
            problems, where, f"must be one of {', '.join(map(repr, typing.get_args(hint)))}, not {value!r}"
        )
    if origin is list:
        return _read_list(value, typing.get_args(hint)[0], where, problems)
    if origin is dict:
        if not isinstance(value, dict):
            return _wrong(problems, where, "must be a hash")
        inner = typing.get_args(hint)[1]
        return {key: _read(item, inner, f"{where}[{key}]", problems) for key, item in value.items()}
    if not isinstance(value, str):
        return _wrong(problems, where, f"must be a {getattr(hint, '__name__', hint)}, not a hash")
    return _read_scalar(value, hint, where, problems)


def _read_scalar(value: str, hint: Any, where: str, problems: list[Problem]) -> Any:
    if hint is str or hint is Any:
        return value
    if hint is bool:
        return (
            value == "true"
            if value in ("true", "false")
            else _wrong(problems, where, f"Invalid boolean: {value}")
        )
    if hint is int:
        return (
            int(value)
            if re.fullmatch(r"-?\d+", value)
            else _wrong(problems, where, f"Invalid integer: {value}")
        )
    if hint in (Decimal, float):
        try:
            return Decimal(value)
        except InvalidOperation:
            return _wrong(problems, where, f"Invalid decimal: {value}")
    return _wrong(problems, where, f"is of a type that the simulator does not know: {hint}")


def _read_mapping(value: Any, hint: Any, where: str, problems: list[Problem]) -> Any:
    if not isinstance(value, dict):
        return _wrong(problems, where, "must be a hash")
    declared = fields(hint)
    found = {}
    for key, item in value.items():
        place = f"{where}[{key}]" if where else key
        if key in declared:
            found[key] = _read(item, declared[key], place, problems)
        else:
            problems.append(Problem(place, f"Received unknown parameter: {place}", "unknown"))
    for name, kind in declared.items():
        if name not in value and typing.get_origin(kind) is not typing_extensions.NotRequired:
            place = f"{where}[{name}]" if where else name
            problems.append(Problem(place, f"Missing required param: {place}.", "missing"))
    return found


def _read_list(value: Any, inner: Any, where: str, problems: list[Problem]) -> Any:
    if not isinstance(value, dict) or sorted(value) != sorted(str(n) for n in range(len(value))):
        return _wrong(problems, where, "must be an array")
    return [_read(value[str(n)], inner, f"{where}[{n}]", problems) for n in range(len(value))]


def _read_union(value: Any, options: tuple[Any, ...], where: str, problems: list[Problem]) -> Any:
    attempts: list[list[Problem]] = []
    for option in _in_order(options):
        found: list[Problem] = []
        read = _read(value, option, where, found)
        if not found:
            return read
        attempts.append(found)
    # Of several ways to be wrong the one that got furthest says most.
    problems.extend(max(attempts, key=lambda each: max(len(p.where) for p in each)))
    return None


def _in_order(options: tuple[Any, ...]) -> list[Any]:
    """Texts last: they would take anything. Beside words of its own an open text is for Stripe's later words:
    whoever sends one that this version does not know has made a mistake, so it is not tried at all."""
    kinds = [o for o in map(_unwrapped, options) if o is not type(None)]
    kinds = [o for o in kinds if not _is_untyped(o) or len(kinds) == 1]
    words = any(typing.get_origin(o) in _LITERALS and typing.get_args(o) != ("",) for o in kinds)
    plain = [] if words else [o for o in kinds if o is str]
    return [o for o in kinds if o is not str] + plain


def _is_untyped(hint: Any) -> bool:
    return (typing.get_origin(hint) or hint) is UntypedStripeObject


def _unwrapped(hint: Any) -> Any:
    while typing.get_origin(hint) in (typing_extensions.NotRequired, typing_extensions.Required):
        hint = typing.get_args(hint)[0]
    return hint


def _wrong(problems: list[Problem], where: str, text: str) -> None:
    problems.append(Problem(where, text))


# ------------------------------------------------------------ answers


def check_answer(operation: Operation, answer: Any) -> list[Problem]:
    """What of a JSON answer the SDK's classes do not allow."""
    return list(_check(answer, operation.answer, ""))


def _check(value: Any, hint: Any, where: str) -> Iterator[Problem]:
    hint = _unwrapped(hint)
    origin = typing.get_origin(hint)
    if origin is typing.Union:
        yield from _check_union(value, typing.get_args(hint), where)
    elif origin in _LITERALS:
        if value not in typing.get_args(hint):
            yield Problem(where, f"{value!r} is none of {typing.get_args(hint)!r}")
    elif origin is ListObject:
        yield from _check_list_object(value, typing.get_args(hint)[0], where)
    elif _is_untyped(hint) or origin is dict or hint is dict:
        yield from _check_hash(value, typing.get_args(hint), where)
    elif origin is list:
        if not isinstance(value, list):
            yield Problem(where, f"must be a list, not {value!r}")
            return
        for n, item in enumerate(value):
            yield from _check(item, typing.get_args(hint)[0], f"{where}[{n}]")
    elif _is_resource(hint):
        yield from _check_object(value, hint, where)
    elif not _is_scalar(value, hint):
        yield Problem(where, f"must be {getattr(hint, '__name__', hint)}, not {value!r}")


def _is_scalar(value: Any, hint: Any) -> bool:
    if hint is Any:
        return True
    if hint is type(None):
        return value is None
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is Decimal:  # sent as a text
        return isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
    return isinstance(hint, type) and isinstance(value, hint)


def _check_hash(value: Any, arguments: tuple[Any, ...], where: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(where, f"must be a hash, not {value!r}")
        return
    for key, item in value.items():
        if arguments:
            yield from _check(item, arguments[-1], f"{where}.{key}")


def _check_list_object(value: Any, inner: Any, where: str) -> Iterator[Problem]:
    if not isinstance(value, dict) or value.get("object") != "list":
        yield Problem(where, "must be a list object")
        return
    wanted = {"object": str, "data": list, "has_more": bool, "url": str}
    for key in value.keys() ^ wanted.keys():
        yield Problem(f"{where}.{key}", "unknown or missing in a list object")
    for n, item in enumerate(value.get("data", [])):
        yield from _check(item, inner, f"{where}.data[{n}]")


def _check_object(value: Any, shape: type, where: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(where, f"must be a {shape.__name__}, not {value!r}")
        return
    declared = {api_name(shape, name): hint for name, hint in fields(shape).items()}
    for key, item in value.items():
        if key not in declared:
            yield Problem(f"{where}.{key}", f"{shape.__name__} has no such field", "unknown")
        else:
            yield from _check(item, declared[key], f"{where}.{key}")
    if value.get("deleted") is True:
        return
    for key, hint in declared.items():
        if key not in value and type(None) not in typing.get_args(hint):
            yield Problem(f"{where}.{key}", f"missing, {shape.__name__} requires it", "missing")


def _check_union(value: Any, options: tuple[Any, ...], where: str) -> Iterator[Problem]:
    if value is None:
        if type(None) not in options:
            yield Problem(where, "must not be null")
        return
    kinds = [o for o in options if o is not type(None)]
    words = [o for o in kinds if typing.get_origin(o) in _LITERALS]
    if words and isinstance(value, str):
        kinds = words
    attempts = [list(_check(value, option, where)) for option in kinds]
    if all(attempts):
        yield from max(attempts, key=lambda each: max(len(p.where) for p in each))


# ------------------------------------------------------------ expanding


def expandable(shape: Any, field: str) -> Any:
    """The type that ``field`` of a resource becomes when expanded, None if Stripe does not expand it."""
    for option in [shape, *typing.get_args(shape)]:
        if typing.get_origin(option) is ListObject:
            return (
                expandable(typing.get_args(option)[0], field)
                if field != "data"
                else typing.get_args(option)[0]
            )
        if _is_resource(option) and field in fields(option):
            return fields(option)[field]
    return None


def _is_resource(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, StripeObject)


def is_expandable(hint: Any) -> bool:
    """Whether a field holds an id that may become the object."""
    options = typing.get_args(hint)
    if typing.get_origin(hint) is list:
        return is_expandable(options[0])
    return str in options and any(map(_is_resource, options))
