"""Every text in every language: nothing missing, nothing doubtful, nothing that breaks its placeholders (S2-11)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
FORMS = {"fr": 2, "ru": 3}
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|(?<!\{)\{\w+\}(?!\})")
_COPIED = (
    "audit",
    "billing",
    "config",
    "shared_apps",
    "tenant_apps",
    "templates",
    "locale",
    "manage.py",
    "pyproject.toml",
)

pytestmark = pytest.mark.req("S2-11")


def catalogue(language: str, root: Path = ROOT) -> polib.POFile:
    return polib.pofile(str(root / "locale" / language / "LC_MESSAGES" / "django.po"))


def placeholders(text: str) -> list[str]:
    return sorted(_PLACEHOLDER.findall(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    entries = [entry for entry in catalogue(language) if not entry.obsolete]
    assert len(entries) > 1000
    assert [entry.msgid for entry in entries if entry.fuzzy or not entry.translated()] == []


def fits(entry: polib.POEntry, forms: int) -> bool:
    """Whether a translation has its text's placeholders, its breaks at both ends, and all plural forms.

    A form for few may leave the number out ("one organisation"), the last one has all placeholders.
    """
    if not entry.msgid_plural:
        ends = [(text.startswith("\n"), text.endswith("\n")) for text in (entry.msgid, entry.msgstr)]
        return placeholders(entry.msgid) == placeholders(entry.msgstr) and ends[0] == ends[1]
    translated = [placeholders(entry.msgstr_plural[number]) for number in sorted(entry.msgstr_plural)]
    allowed = {*placeholders(entry.msgid), *placeholders(entry.msgid_plural)}
    return (
        len(translated) == forms
        and all(set(found) <= allowed for found in translated)
        and set(translated[-1]) == set(placeholders(entry.msgid_plural))
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_forms_are_the_texts(language: str) -> None:
    entries = [entry for entry in catalogue(language) if not entry.obsolete]
    assert [entry.msgid for entry in entries if not fits(entry, FORMS[language])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    written = catalogue(language)
    compiled = polib.mofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.mo"))
    assert texts(compiled) == texts(written), "run make messages"


def texts(file: polib.POFile | polib.MOFile) -> dict[tuple[str, str], object]:
    return {
        (entry.msgctxt or "", entry.msgid): entry.msgstr_plural or entry.msgstr
        for entry in file
        if not entry.obsolete
    }


@pytest.mark.skipif(
    shutil.which("xgettext") is None, reason="no gettext here: texts cannot be collected anew"
)
def test_the_catalogues_hold_the_codes_texts_and_no_others(tmp_path: Path) -> None:
    for name in _COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "manage.py", "makemessages", "--no-wrap", "-v0", *(f"-l{code}" for code in LANGUAGES)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for language in LANGUAGES:
        found, kept = texts(catalogue(language, tmp_path)).keys(), texts(catalogue(language)).keys()
        assert (sorted(found - kept), sorted(kept - found)) == ([], []), "run make messages and translate"
