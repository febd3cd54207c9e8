"""Pages of the emulators for people. Every one says that it is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from .http import Response

#: Forms may lead back to the shop, so there is no form-action.
POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0 auto; max-width: 34rem; padding: 1rem }
.notice { background: #ffd54a; color: #1a1a1a; padding: .5rem 1rem; border-radius: .5rem; font-weight: 600 }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem }
dt { color: GrayText } dd { margin: 0; overflow-wrap: anywhere }
form { margin: .75rem 0 }
input { font: inherit; width: 100%; min-height: 44px; box-sizing: border-box; padding: 0 .5rem }
button { font: inherit; width: 100%; min-height: 44px; border-radius: .5rem; border: 1px solid #666 }
button.main { background: #1349b8; color: #fff; border-color: #1349b8 }
a { display: inline-block; padding: .6rem 0 }
"""


def page(
    title: str, facts: Sequence[tuple[str, str]], *parts: str, status: int = 200, style: str = "/style.css"
) -> Response:
    """``parts`` are HTML made by `button`, `paragraph` and `link`; everything else is escaped here."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="{escape(style)}"></head><body>'
        '<p class="notice" role="note">Simulated. No money moves here.</p>'
        f"<main><h1>{escape(title)}</h1><dl>{rows}</dl>{''.join(parts)}</main></body></html>"
    )
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY,
               "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}  # fmt: skip
    return Response(status, body.encode(), headers)


def button(label: str, action: str, *, main: bool = False, **fields: str) -> str:
    """A form with one button that posts ``fields``."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    look = ' class="main"' if main else ""
    return (
        f'<form method="post" action="{escape(action)}">{hidden}<button{look}>{escape(label)}</button></form>'
    )


def paragraph(text: str) -> str:
    """A paragraph."""
    return f"<p>{escape(text)}</p>"


def link(label: str, address: str) -> str:
    """A link, to http and https addresses only."""
    if not address.startswith(("http://", "https://")):
        return ""
    return f'<p><a href="{escape(address)}">{escape(label)}</a></p>'
