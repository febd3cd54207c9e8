"""The log as a page, on both hosts: filters, newest first, each change with its old and new values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, page
from shared_apps.core.context import PUBLIC, host_schema
from shared_apps.core.errors import DomainError
from shared_apps.ui.forms import add_domain_error

from . import queries
from .queries import AuditEvent, Filters, Position
from .registry import labels

PAGE_SIZE = 30
#: Changes that are shown at once; the rest unfolds.
SHOWN_CHANGES = 3


class FilterForm(forms.Form):
    """What to look for; empty means everything. Days are whole days in UTC."""

    actor = forms.CharField(
        label=gettext_lazy("Who"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("E-mail or part of the system")}),
    )
    action = forms.CharField(
        label=gettext_lazy("Did what"),
        required=False,
        max_length=50,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("create, update, order_placed …")}),
    )
    object_type = forms.ChoiceField(label=gettext_lazy("To what"), required=False)
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    text = forms.CharField(label=gettext_lazy("Text"), required=False, max_length=100)
    object_id = forms.CharField(required=False, max_length=255, widget=forms.HiddenInput)
    request_id = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = sorted(set(labels().values()))
        field = self.fields["object_type"]
        field.choices = [("", _("everything")), *((kind, kind) for kind in kinds)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The end may not stand before the beginning."""
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("The end must be after the beginning."))
        return cleaned

    def filters(self) -> Filters:
        """The same as the API's filters."""
        values = dict(self.cleaned_data)
        since, until = values.pop("since"), values.pop("until")
        return Filters(
            since=since and datetime.combine(since, time.min, tzinfo=UTC),
            until=until and datetime.combine(until, time.min, tzinfo=UTC) + timedelta(days=1),
            **values,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the page shows it: the first changes, the rest folded."""

    event: AuditEvent
    shown: list[tuple[str, str, str]]
    folded: list[tuple[str, str, str]]


def _line(event: AuditEvent) -> Line:
    if event.kind == "event":
        pairs = [(name, "", "" if value is None else str(value)) for name, value in event.details.items()]
    else:
        pairs = [(name, old or "", new or "") for name, (old, new) in event.changes.items()]
    if event.action == "create":
        return Line(event, [], pairs)  # what a new row holds is long and rarely asked for
    return Line(event, pairs[:SHOWN_CHANGES], pairs[SHOWN_CHANGES:])


@page("audit.view_event")
def event_list(request: HttpRequest) -> HttpResponse:
    """Who did what. Pages are places in the list (`before`), so new events do not shift them."""
    form = FilterForm(request.GET)
    events: list[AuditEvent] = []
    status = 200
    if form.is_valid():
        found = queries.visible_events(actor_of(request), form.filters())
        try:
            before = request.GET.get("before", "")
            limit = PAGE_SIZE + 1
            events = found.older_than(Position.parse(before), limit) if before else found[:limit]
        except DomainError as error:
            add_domain_error(form, error)
            status = error.status
    else:
        status = 400
    query = request.GET.copy()
    query.pop("before", None)
    for name in [name for name, value in query.items() if not value]:
        del query[name]
    rest = f"&{query.urlencode()}" if query else ""
    shown = events[:PAGE_SIZE]
    context = {
        "frame": "platform_base.html" if host_schema() == PUBLIC else "base.html",
        "breadcrumbs": [(_("Audit log"), "")],
        "form": form,
        "lines": [_line(event) for event in shown],
        "is_filtered": bool(query),
        "is_first": "before" not in request.GET,
        "newest": f"?{query.urlencode()}",
        "older": f"?before={shown[-1].position.token()}{rest}" if len(events) > PAGE_SIZE else "",
    }
    return render(request, "audit/list.html", context, status=status)
