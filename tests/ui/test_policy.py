"""No inline code anywhere in our templates, and a policy that would refuse it."""

import re

import pytest

from shared_apps.ui.policy import ADMIN, STRICT

INLINE = re.compile(
    r"""<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son[a-z]+\s*=\s*["']|\sstyle\s*=|<style|javascript:"""
)


def test_the_strict_policy_allows_our_own_files_only():
    assert STRICT["default-src"] == ["'none'"]
    for directive in ("script-src", "style-src", "connect-src", "form-action"):
        assert STRICT[directive] == ["'self'"]
    assert not any("unsafe" in str(source) for sources in STRICT.values() for source in sources)
    assert ADMIN["frame-ancestors"] == ADMIN["base-uri"] == ["'none'"]


def test_no_template_has_inline_code(settings):
    templates = list((settings.BASE_DIR / "templates").rglob("*.html"))
    assert len(templates) > 20
    for path in templates:
        if path.parent.name == "mail":  # e-mails are no pages of ours, and can load no style sheet
            continue
        assert not INLINE.search(path.read_text()), path


@pytest.mark.parametrize("text", ["<p>Plain words</p>", '<a title="Plain words">'])
def test_the_check_for_untranslated_text_finds_some(text):
    assert UNTRANSLATED.search(STRIP.sub("", text))


STRIP = re.compile(
    r"\{%\s*comment.*?endcomment\s*%\}|\{%\s*blocktranslate.*?endblocktranslate\s*%\}|\{%.*?%\}|\{\{.*?\}\}|<code>.*?</code>|<kbd>.*?</kbd>",
    re.DOTALL,
)
UNTRANSLATED = re.compile(r""">\s*[A-Za-z][a-z]+ [a-z]+|(?:title|placeholder|aria-label|alt)="[A-Za-z]{3,}""")


def test_every_sentence_of_a_template_is_translated(settings):
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        found = UNTRANSLATED.search(STRIP.sub("", path.read_text()))
        assert not found, f"{path}: {found and found.group()}"


@pytest.mark.django_db
def test_data_may_neither_be_framed_nor_run_anything(client_of):
    answer = client_of("acme").get("/api/v1/auth/user/")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    page = client_of("acme").get("/login/", headers={"accept": "text/html"})
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
