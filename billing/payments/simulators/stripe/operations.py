"""What Stripe's API offers, read from the SDK itself: operation -> method, path, parameters, answer.

The SDK is generated from Stripe's OpenAPI at the version that we are pinned to, so a simulator that takes its
routes and types from it cannot invent any. Names are those of ``StripeClient.v1``: ``customers.create``.
"""

from __future__ import annotations

import ast
import functools
import importlib
import re
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import stripe
import typing_extensions
from stripe._request_options import RequestOptions


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API, with the types that the SDK gives to it."""

    name: str
    method: str
    path: str
    params: Any
    answer: Any

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path with a group for each of its names."""
        return re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + "$")


@functools.cache
def operation(name: str) -> Operation:
    """The operation that ``client.v1.<name>`` performs. Raises LookupError for one that Stripe has not."""
    *services, function = name.split(".")
    module_name, class_name = "stripe._v1_services", "V1Services"
    for service in services:
        known: dict[str, list[str]] = getattr(importlib.import_module(module_name), "_subservices", {})
        if service not in known:
            raise LookupError(f"Stripe has no {name}: {class_name} knows no {service}")
        module_name, class_name = known[service]
    module = importlib.import_module(module_name)
    body = next(
        (
            node
            for node in ast.walk(_class(module, class_name))
            if isinstance(node, ast.FunctionDef) and node.name == function
        ),
        None,
    )
    if body is None:
        raise LookupError(f"Stripe has no {name}: {class_name} has no {function}")
    request = next(
        node
        for node in ast.walk(body)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "_request"
    )
    method, path = (_text(node) for node in request.args[:2])
    names = _names_for_types(module)
    params = next((arg.annotation for arg in body.args.args if arg.arg == "params"), None)
    return Operation(
        name=name,
        method=method.upper(),
        path=path,
        params=_without_none(_evaluate(params, names)) if params is not None else None,
        answer=_evaluate(body.returns, names),
    )


def _class(module: types.ModuleType, name: str) -> ast.ClassDef:
    return next(n for n in _tree(module).body if isinstance(n, ast.ClassDef) and n.name == name)


@functools.cache
def _tree(module: types.ModuleType) -> ast.Module:
    assert module.__file__ is not None
    with open(module.__file__, encoding="utf-8") as source:
        return ast.parse(source.read())


def _text(node: ast.expr) -> str:
    """``"/v1/customers/{customer}".format(…)`` or a plain text."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    assert isinstance(node, ast.Constant)
    return str(node.value)


class _Names(Mapping[str, Any]):
    """What an annotation of a module may name: its own, and what it imports for type checkers."""

    def __init__(self, module: types.ModuleType) -> None:
        self.module = module
        self.imports: dict[str, tuple[str, str]] = {}
        for node in ast.walk(_tree(module)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = (node.module, alias.name)

    def __getitem__(self, name: str) -> Any:
        if name in vars(self.module):
            return vars(self.module)[name]
        if name in self.imports:
            module, attribute = self.imports[name]
            return getattr(importlib.import_module(module), attribute)
        raise KeyError(name)

    def __iter__(self) -> Any:
        return iter(self.imports)

    def __len__(self) -> int:
        return len(self.imports)


@functools.cache
def _names_for_types(module: types.ModuleType) -> _Names:
    return _Names(module)


def _evaluate(node: ast.expr | None, names: _Names) -> Any:
    assert node is not None
    code = compile(ast.Expression(node), names.module.__name__, "eval")
    return resolve(eval(code, {}, names), names)  # noqa: S307  # nosec B307: the SDK's own annotations


def resolve(hint: Any, names: _Names) -> Any:
    """``hint`` with the names in it followed one level: texts and forward references become types."""
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        return resolve(eval(hint, {}, names), names)  # noqa: S307  # nosec B307: the SDK's own annotations
    arguments = typing.get_args(hint)
    if not arguments or typing.get_origin(hint) is typing.Literal:
        return hint
    resolved = tuple(resolve(argument, names) for argument in arguments)
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return typing.Union[resolved]  # noqa: UP007 built from a tuple
    return hint.copy_with(resolved) if hasattr(hint, "copy_with") else origin[resolved]


def _without_none(hint: Any) -> Any:
    rest = [argument for argument in typing.get_args(hint) if argument is not type(None)]
    return rest[0] if typing.get_origin(hint) is typing.Union and len(rest) == 1 else hint


@functools.cache
def fields(shape: Any) -> dict[str, Any]:
    """Name -> type of what a TypedDict of parameters or a resource class declares, base classes included."""
    found: dict[str, Any] = {}
    for base in reversed(shape.__mro__) if not typing_extensions.is_typeddict(shape) else [shape]:
        if base in (object, dict) or base is stripe.StripeObject:
            continue
        names = _names_for_types(sys.modules[base.__module__])
        for name, hint in _own_annotations(base).items():
            transport = hint == RequestOptions.__annotations__.get(
                name
            )  # headers of the request, no parameters
            if not name.startswith("_") and name != "OBJECT_NAME" and not transport:
                found[name] = resolve(hint, names)
    return found


def _own_annotations(shape: type) -> dict[str, Any]:
    return dict(vars(shape).get("__annotations__", {}))


def api_name(shape: type, name: str) -> str:
    """What the API calls an attribute that Python cannot name (``from``)."""
    remapped: dict[str, str] = getattr(shape, "_field_remappings", {})
    return remapped.get(name, name)
