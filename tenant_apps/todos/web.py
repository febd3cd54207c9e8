"""The page of to-dos: htmx swaps the list, without scripts the page reloads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.errors import DomainError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast, toast_header

from . import services
from .models import TITLE_LENGTH
from .queries import visible_todos

PAGE_SIZE = 20


class TodoForm(forms.Form):
    """A new line."""

    title = forms.CharField(label=gettext_lazy("What is to be done?"), max_length=TITLE_LENGTH)
    due_on = forms.DateField(
        label=gettext_lazy("Due on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


@page("todos.view_todo", post="todos.create_todo")
def todo_list(request: HttpRequest) -> HttpResponse:
    """The list; POST adds a line."""
    form = TodoForm(request.POST or None)
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        services.create_todo(actor=actor_of(request), **form.cleaned_data)
    except DomainError as error:
        add_domain_error(form, error)
        return _page(request, form, status=error.status)
    return _answer(request, _("Added."))


@page("todos.view_todo", post="todos.change_todo")
def tick(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Tick a line off (`done=1`) or put it back."""
    if request.method == "POST":
        done = request.POST.get("done") == "1"
        services.change_todo(actor=actor_of(request), todo_id=todo_id, done=done)
        return _answer(request, _("Done.") if done else _("Back on the list."))
    get_object_or_404(visible_todos(actor_of(request)), pk=todo_id)
    return redirect("todos:list")


@page("todos.view_todo", post="todos.delete_todo")
def delete(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Take a line off for good."""
    if request.method == "POST":
        services.delete_todo(actor=actor_of(request), todo_id=todo_id)
        return _answer(request, _("Deleted."))
    get_object_or_404(visible_todos(actor_of(request)), pk=todo_id)
    return redirect("todos:list")


def _answer(request: HttpRequest, message: str) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        response = _page(request, TodoForm())
        toast_header(response, message)
        return response
    add_toast(request, message)
    return redirect("todos:list")


def _page(request: HttpRequest, form: TodoForm, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    todos = visible_todos(actor).select_related("member").order_by("done_at", "due_on", "-created_at", "id")
    context: dict[str, Any] = {
        "breadcrumbs": [(_("To-dos"), "")],
        "form": form,
        "page": Paginator(todos, PAGE_SIZE).get_page(request.GET.get("page")),
        "me": actor.member_id,
        "today": timezone.localdate(),
        "may_create": may(request, "todos.create_todo"),
    }
    htmx = request.headers.get("HX-Request") == "true"
    return render(request, "todos/list.html" if htmx else "todos/page.html", context, status=status)
