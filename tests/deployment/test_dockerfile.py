"""The Dockerfile, read without an engine: what it copies exists, what it runs is locked, and not as root."""

from __future__ import annotations

import fnmatch
import json
import re

import pytest

from config.embedded.paths import CHECKOUT

TEXT = (CHECKOUT / "Dockerfile").read_text()
LINES = [line.strip() for line in re.sub(r"\\\n", " ", TEXT).splitlines() if line.strip()]
INSTRUCTIONS = [tuple(line.split(None, 1)) for line in LINES if not line.startswith("#")]


def arguments(name: str) -> list[str]:
    return [rest for word, rest in INSTRUCTIONS if word == name]


@pytest.mark.req("S2-3")
def test_two_stages_on_a_slim_python() -> None:
    assert arguments("FROM") == ["python:3.12-slim AS build", "python:3.12-slim"]


def test_every_instruction_is_known() -> None:
    known = {"FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "STOPSIGNAL", "CMD"}
    assert {word for word, _ in INSTRUCTIONS} <= known


def test_everything_installed_has_its_hash() -> None:
    installs = [run for run in arguments("RUN") if "pip install" in run or "pip sync" in run]
    assert len(installs) == 2
    assert all("--require-hashes" in run for run in installs)


def test_copied_files_exist_and_are_not_ignored() -> None:
    sources = [
        source
        for copy in arguments("COPY")
        if "--from" not in copy
        for source in copy.split()[:-1]
        if source != "."
    ]
    assert sources
    for source in sources:
        assert (CHECKOUT / source).exists(), source


def test_the_context_holds_the_product_and_no_secrets() -> None:
    rules = (CHECKOUT / ".dockerignore").read_text().split()
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    needed = {"manage.py", "config", "shared_apps", "tenant_apps", "audit", "templates", "requirements"}
    assert needed <= let_in
    secret = (".env", ".env.production", "var", ".git", ".venv", "tests")
    assert not any(fnmatch.fnmatch(name, rule) for name in secret for rule in let_in)


def test_it_does_not_run_as_root() -> None:
    words = [word for word, _ in INSTRUCTIONS]
    assert arguments("USER") == ["tradehall"]
    assert words.index("USER") > max(position for position, word in enumerate(words) if word == "RUN")
    assert "useradd --uid 10001" in TEXT


def test_the_default_command_serves_pages_and_api() -> None:
    command = json.loads(arguments("CMD")[0])
    assert command[0] == "granian"
    assert command[-1] == "config.wsgi:application"
