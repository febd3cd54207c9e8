"""The vendored files are exactly those that their README names, with a licence each; pages stay light."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "shared_apps/ui/static/ui"
FOLDERS = [STATIC / "vendor", ROOT / "tests/browser/vendor"]
ROW = re.compile(r"^\| (\S+) \| (\S+) \| ([\d.]+) \| (\S+) \| (\S+) \| ([0-9a-f]{64}) \|$", re.MULTILINE)
FREE = {"MIT", "0BSD", "Apache-2.0", "MPL-2.0"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_every_vendored_file_has_its_hash_and_licence(folder):
    rows = ROW.findall((folder / "README.md").read_text())
    assert rows
    for name, _package, _version, licence, text, expected in rows:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected, name
        assert licence in FREE
        assert (folder / text).stat().st_size > 90
    named = {row[0] for row in rows} | {row[4] for row in rows} | {"README.md", "NOTICE.lightweight-charts"}
    assert {path.name for path in folder.iterdir()} <= named


def test_the_heaviest_page_stays_under_150_kilobytes_compressed():
    """Everything that the dashboard could load: all our files and every vendored one but the gallery's."""
    files = [
        *STATIC.glob("css/*.css"),
        *STATIC.glob("js/*.js"),
        *STATIC.glob("vendor/*.js"),  # not "*.*s": licences are not loaded
        *STATIC.glob("vendor/*.css"),
        *STATIC.glob("vendor/*.svg"),
    ]
    elsewhere = {"alpine-csp.min", "ticket", "brand"}  # of pages that have no chart
    weight = sum(len(gzip.compress(path.read_bytes(), 9)) for path in files if path.stem not in elsewhere)
    assert weight <= 150_000


def test_nothing_vendored_evaluates_code_or_names_a_source_map():
    for path in STATIC.glob("vendor/*.js"):
        if (
            path.name != "htmx.min.js"
        ):  # htmx has one Function() behind allowEval, which document.html turns off
            assert not re.search(r"\beval\(|new Function\(", path.read_text()), path.name
    for path in STATIC.glob("vendor/*s"):
        assert "sourceMappingURL" not in path.read_text(), path.name
