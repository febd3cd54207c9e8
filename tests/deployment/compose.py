"""docker-compose.yml as Docker would see it: parsed, variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from config.embedded.paths import CHECKOUT

TEXT = (CHECKOUT / "docker-compose.yml").read_text()
_VARIABLE = re.compile(r"\$(\$|\{(?P<name>[A-Z0-9_]+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\})")


class MissingVariableError(Exception):
    """A variable with `:?` has no value."""


def variables() -> set[str]:
    """The names of all variables that the file asks for."""
    code = re.sub(r"(?m)(^|\s)#.*$", "", TEXT)
    return {match["name"] for match in _VARIABLE.finditer(code) if match["name"]}


def fill(text: str, environment: Mapping[str, str]) -> str:
    """A text with its variables replaced as Docker Compose does."""

    def value(match: re.Match[str]) -> str:
        if match[1] == "$":
            return "$"
        given = environment.get(match["name"], "")
        if given or not match["kind"]:
            return given
        if match["kind"] == "?":
            raise MissingVariableError(match["name"])
        return str(match["rest"])

    return _VARIABLE.sub(value, text)


def filled(environment: Mapping[str, str]) -> dict[str, Any]:
    """The parsed file; each text in it with its variables replaced."""

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: walk(value) for key, value in node.items()}
        if isinstance(node, list):
            return [walk(value) for value in node]
        return fill(node, environment) if isinstance(node, str) else node

    result: dict[str, Any] = walk(yaml.safe_load(TEXT))
    return result


def example() -> dict[str, str]:
    """The variables of .env.example."""
    lines = (CHECKOUT / ".env.example").read_text().splitlines()
    parts = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in parts}
