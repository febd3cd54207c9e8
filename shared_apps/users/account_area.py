"""The pages about one's own account: a frame with tabs, to which apps above add theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from shared_apps.access.pages import may
from shared_apps.core.context import PUBLIC, host_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One page of the account; ``tenant_only`` where the platform's host has no such page."""

    url_name: str
    label: str | Promise
    permission: str
    order: int = 100
    tenant_only: bool = False


_tabs: list[Tab] = []


def register_tab(tab: Tab) -> None:
    """Add a page. Raises ValueError for one that is there already."""
    if any(known.url_name == tab.url_name for known in _tabs):
        raise ValueError(f"{tab.url_name} is among the account's pages already")
    _tabs.append(tab)


def render_account(
    request: HttpRequest, template: str, url_name: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """One page of the account, in the frame of the host; nobody keeps a copy of it."""
    on_platform = host_schema() == PUBLIC
    shown = [
        tab
        for tab in sorted(_tabs, key=lambda tab: tab.order)
        if may(request, tab.permission) and not (tab.tenant_only and on_platform)
    ]
    label = next((tab.label for tab in shown if tab.url_name == url_name), "")
    frame = {
        "frame": "platform_base.html" if on_platform else "base.html",
        "breadcrumbs": [(_("Your account"), reverse("account")), (label, "")],
        "tabs": [
            {"url": reverse(tab.url_name), "label": tab.label, "current": tab.url_name == url_name}
            for tab in shown
        ],
        "tab_label": label,
    }
    response = render(request, template, {**frame, **context}, status=status)
    response["Cache-Control"] = "no-store"
    return response
