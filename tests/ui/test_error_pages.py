"""Error pages render with nothing at hand: no request, no database, no session."""

import pytest
from django.template.loader import render_to_string


@pytest.mark.parametrize("code", [400, 403, 404, 429, 500, 503])
def test_an_error_page_needs_nothing_and_says_what_to_do(code):
    html = render_to_string(f"{code}.html")
    assert f">{code}<" in html
    assert 'href="/"' in html
    assert "<h1>" in html and "<script src=" in html
    assert "style=" not in html


def test_it_quotes_the_request():
    assert "<code>abc-1</code>" in render_to_string("500.html", {"request_id": "abc-1"})
