"""The table of requirements: natural order, and an id is worth its worst test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import requirements
from tests.requirements import lines, sort_key


def test_ids_in_natural_order() -> None:
    assert sorted(["S4-10", "F5", "S4-9", "C15", "S2-1"], key=sort_key) == [
        "C15",
        "F5",
        "S2-1",
        "S4-9",
        "S4-10",
    ]


def test_the_worst_test_counts() -> None:
    results = {
        "tests/a.py::test_one[x]": {"ids": ["F1", "F2"], "outcome": "passed"},
        "tests/a.py::test_one[y]": {"ids": ["F1"], "outcome": "failed"},
        "tests/b.py::test_two": {"ids": ["F2"], "outcome": "skipped"},
    }
    assert lines(results) == [
        "F1       failed     2  tests/a.py::test_one",
        "F2       skipped    2  tests/a.py::test_one  tests/b.py::test_two",
    ]


@pytest.mark.parametrize("parallel", [[], ["-n", "2", "-p", "xdist"]], ids=["one process", "xdist"])
def test_outcomes_are_noted(tmp_path: Path, parallel: list[str]) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.req('F1', 'S1-2')\ndef test_good(): pass\n"
        "@pytest.mark.req('F2')\ndef test_bad(): assert False\n"
        "@pytest.fixture\ndef broken(): raise ValueError\n"
        "@pytest.mark.req('F4')\ndef test_no_set_up(broken): pass\n"
        "def test_unmarked(): pass\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = req(*ids): ids\n")
    (tmp_path / "recorder.py").write_text(
        f"import sys\nsys.path.insert(0, {str(requirements.RESULTS.parents[1])!r})\n"
        "from pathlib import Path\nfrom tests import requirements\n"
        "requirements.RESULTS = Path(__file__).with_name('results.json')\n"
        "from tests.requirements import pytest_configure\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "recorder", "-p", "no:django", *parallel]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    noted = json.loads((tmp_path / "results.json").read_text())
    assert {name.split("::")[1]: (entry["ids"], entry["outcome"]) for name, entry in noted.items()} == {
        "test_good": (["F1", "S1-2"], "passed"),
        "test_bad": (["F2"], "failed"),
        "test_no_set_up": (["F4"], "failed"),
    }
