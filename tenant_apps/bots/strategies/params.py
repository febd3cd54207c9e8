"""Parameters of a strategy: a dataclass whose fields carry their own bounds, and the schema that forms
are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, get_type_hints

from tenant_apps.trading.rules.orders import MAX_QUANTITY


class InvalidParams(ValueError):
    """Parameters break a rule; `errors` names each field with its texts (English message ids and their
    values)."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(", ".join(sorted(errors)))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class ParamInfo:
    """What a form needs to know of one parameter. `label` and `help` are message ids."""

    label: str
    help: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None


def param(
    default: Any,
    label: str,
    *,
    help: str = "",
    minimum: int | str | None = None,
    maximum: int | str | None = None,
) -> Any:
    """Declare a parameter as a dataclass field with a default, a label and bounds (both inclusive)."""
    info = ParamInfo(
        label=label,
        help=help,
        minimum=None if minimum is None else Decimal(minimum),
        maximum=None if maximum is None else Decimal(maximum),
    )
    return dataclasses.field(default=default, metadata={"info": info})


class Params:
    """Base of a strategy's parameters; subclasses are frozen dataclasses of int, Decimal and bool fields."""

    def check(self) -> dict[str, list[str]]:
        """Return what is wrong between the fields, by field."""
        return {}


_P = TypeVar("_P", bound=Params)


def parse_params(kind: type[_P], raw: Mapping[str, object]) -> _P:
    """Build parameters from JSON values; names left out take their default. Raises InvalidParams with all
    faults."""
    errors: dict[str, list[str]] = {}
    hints = get_type_hints(kind)
    declared = {item.name: item for item in _fields(kind)}
    values: dict[str, object] = {}
    for name in raw:
        if name not in declared:
            errors[name] = ["This strategy has no such parameter."]
    for name, item in declared.items():
        if name not in raw:
            continue
        value, problem = _parse(hints[name], raw[name], item.metadata["info"])
        if problem:
            errors[name] = [problem]
        else:
            values[name] = value
    if errors:
        raise InvalidParams(errors)
    params = kind(**values)
    errors = params.check()
    if errors:
        raise InvalidParams(errors)
    return params


def dump_params(params: Params) -> dict[str, object]:
    """Return parameters as JSON values, decimals as strings, every name present."""
    values = {item.name: getattr(params, item.name) for item in _fields(type(params))}
    return {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in values.items()}


def params_schema(kind: type[Params]) -> dict[str, object]:
    """Return the JSON schema of a strategy's parameters, in the order of declaration."""
    hints = get_type_hints(kind)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {item.name: _property(hints[item.name], item) for item in _fields(kind)},
    }


def _fields(kind: type[Params]) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(kind)  # type: ignore[arg-type]  # every subclass is a dataclass


def _property(hint: type, item: dataclasses.Field[Any]) -> dict[str, object]:
    info: ParamInfo = item.metadata["info"]
    kinds: dict[type, dict[str, object]] = {
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        Decimal: {"type": "string", "format": "decimal"},
    }
    schema = dict(kinds[hint])
    schema["title"] = info.label
    schema["default"] = f"{item.default:f}" if isinstance(item.default, Decimal) else item.default
    if info.help:
        schema["description"] = info.help
    for name, bound in (("minimum", info.minimum), ("maximum", info.maximum)):
        if bound is not None:
            schema[name] = int(bound) if hint is int else f"{bound:f}"
    return schema


def _parse(hint: type, value: object, info: ParamInfo) -> tuple[object, str]:
    if hint is bool:
        return (value, "") if isinstance(value, bool) else (None, "This must be true or false.")
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None, "This must be a number."
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None, "This must be a number."
    if not number.is_finite():
        return None, "This must be a finite number."
    if abs(number) > MAX_QUANTITY or number.normalize().as_tuple().exponent < -12:  # type: ignore[operator]
        return None, "This number has too many digits."
    if info.minimum is not None and number < info.minimum:
        return None, f"This must be at least {info.minimum:f}."
    if info.maximum is not None and number > info.maximum:
        return None, f"This must be at most {info.maximum:f}."
    if hint is int:
        return (
            (int(number), "")
            if number == number.to_integral_value()
            else (None, "This must be a whole number.")
        )
    return number, ""
