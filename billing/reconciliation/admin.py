"""The board of the books in the superadmin's site: the latest results, and a button that compares now."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display

from shared_apps.access.admin import MatrixAdminMixin
from shared_apps.access.pages import actor_of
from shared_apps.console.model_admin import ReadOnlyAdmin
from shared_apps.core.errors import DomainError
from shared_apps.core.money import MINOR_DIGITS, Money

from . import services
from .models import Break, ReconciliationRun

_LIST = "admin:reconciliation_reconciliationrun_changelist"
_COLOURS = {
    "clean": "success",
    "broken": "danger",
    "incomplete": "warning",
    "failed": "danger",
    "running": "info",
}


def _amount(minor_units: int | None, asset: str) -> str:
    if minor_units is None:
        return "–"
    return str(Money.of_minor(minor_units, asset)) if asset in MINOR_DIGITS else str(minor_units)


class BreakInline(MatrixAdminMixin, TabularInline):
    model = Break
    access = {"view": "reconciliation.view_run"}
    fields = ("tenant", "cause", "key", "should_be", "is_now", "object_kind", "object_id", "note")
    readonly_fields = fields
    extra = 0

    @display(description=gettext_lazy("Expected"))
    def should_be(self, row: Break) -> str:
        """What should be there, in the currency."""
        return _amount(row.expected, row.asset)

    @display(description=gettext_lazy("Found"))
    def is_now(self, row: Break) -> str:
        """What is there."""
        return _amount(row.found, row.asset)


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(ReadOnlyAdmin):
    """Every comparison, newest first, each with its differences and their causes."""

    access = {"view": "reconciliation.view_run", "run": "reconciliation.start_run"}
    list_display = (
        "started_at",
        "result",
        "trigger",
        "ledgers",
        "movements",
        "asked",
        "unanswered",
        "break_count",
    )
    list_filter = ("state", "trigger")
    inlines = (BreakInline,)
    actions_list = ("run_now",)

    @display(description=gettext_lazy("Result"), ordering="state", label=_COLOURS)
    def result(self, run: ReconciliationRun) -> tuple[str, str]:
        """The state with its colour."""
        return run.state, str(ReconciliationRun.State(run.state).label)

    @action(description=gettext_lazy("Compare now"), url_path="run", icon="balance")
    def run_now(self, request: HttpRequest) -> HttpResponse:
        """Ask first; then a worker settles and compares. Who may only read is told so."""
        may_run = self._may(request, "run")
        if not self.has_view_permission(request) or (request.method == "POST" and not may_run):
            raise PermissionDenied
        if request.method == "POST":
            try:
                services.start_run(actor=actor_of(request))
            except DomainError as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                self.message_user(request, _("The books are being compared."), messages.SUCCESS)
            return redirect(_LIST)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "POST"])
        context = self.admin_site.each_context(request) | {
            "title": _("Compare the books now?"),
            "opts": self.opts,
            "may_run": may_run,
            "back": reverse(_LIST),
        }
        return render(request, "admin/reconciliation_run.html", context)
