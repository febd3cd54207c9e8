"""Which test proves which requirement, and how it went last: `make requirements`, and the pytest plugin behind it.

The plugin notes the outcome of every test that has a `req` mark in var/requirements.json. The command collects the
tests as they are now and prints one line an id: `S4-34  passed  3  tests/tenants/test_models.py::test_slug …`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

RESULTS = Path(__file__).resolve().parents[1] / "var" / "requirements.json"
_PROPERTY = "requirements"
# A requirement is worth its worst test.
_ORDER = ("failed", "not run", "skipped", "passed")


def ids_of(item: pytest.Item) -> list[str]:
    """The requirement ids of a test, from all its `req` marks."""
    return sorted({str(name) for mark in item.iter_markers("req") for name in mark.args})


class Recorder:
    """Gathers outcomes in the process that the user started; xdist sends it the workers' reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._is_worker = hasattr(config, "workerinput")
        self._collected: dict[str, list[str]] = {}
        self._outcomes: dict[str, tuple[list[str], str]] = {}

    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Write the ids into each test's properties, which travel with its reports."""
        for item in items:
            if ids := ids_of(item):
                item.user_properties.append((_PROPERTY, ids))
                self._collected[item.nodeid] = ids

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst outcome of set-up, call and tear-down."""
        ids: Any = dict(report.user_properties).get(_PROPERTY)
        if ids:
            _, before = self._outcomes.get(report.nodeid, (ids, "passed"))
            worst = min(before, report.outcome, key=_ORDER.index)
            self._outcomes[report.nodeid] = (ids, worst)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Renew the results of the tests that ran; a collection renews the list of tests."""
        if self._is_worker:
            return
        known = read_results()
        if session.config.option.collectonly:
            known = {
                name: {"ids": ids, "outcome": known.get(name, {}).get("outcome", "not run")}
                for name, ids in self._collected.items()
            }
        known |= {name: {"ids": ids, "outcome": how} for name, (ids, how) in self._outcomes.items()}
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(known, indent=1, sort_keys=True))


def pytest_configure(config: pytest.Config) -> None:
    """Register the recorder."""
    config.pluginmanager.register(Recorder(config), "requirements-recorder")


def read_results() -> dict[str, dict[str, Any]]:
    """What is known of each test with a mark: its ids and its last outcome."""
    try:
        found: dict[str, dict[str, Any]] = json.loads(RESULTS.read_text())
    except FileNotFoundError:
        return {}
    return found


def sort_key(name: str) -> list[tuple[int, str]]:
    """S4-9 before S4-10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"\d+|\D+", name)]


def lines(results: dict[str, dict[str, Any]]) -> list[str]:
    """The table, one line an id."""
    tests: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for test, entry in results.items():
        for name in entry["ids"]:
            tests[name].append((test, entry["outcome"]))
    table = []
    for name in sorted(tests, key=sort_key):
        worst = min((outcome for _, outcome in tests[name]), key=_ORDER.index)
        functions = sorted({test.split("[")[0] for test, _ in tests[name]})
        table.append(f"{name:<8} {worst:<8} {len(tests[name]):>3}  {'  '.join(functions)}")
    return table


def main() -> int:
    """Collect the tests, print the table; returns 1 when the last run of one of them failed."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-q", "--no-header"]
    collected = subprocess.run(command, capture_output=True, text=True, check=False)
    if collected.returncode:
        print(collected.stdout, collected.stderr, sep="\n", file=sys.stderr)  # noqa: T201
        return collected.returncode
    results = read_results()
    print("\n".join(lines(results)))  # noqa: T201
    return int(any(entry["outcome"] == "failed" for entry in results.values()))


if __name__ == "__main__":
    sys.exit(main())
