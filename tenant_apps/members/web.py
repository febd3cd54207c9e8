"""Pages of an organisation: the dashboard that apps fill, and its members."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shared_apps.access.pages import actor_of, may, page
from shared_apps.access.step_up import StepUpRequired
from shared_apps.core.errors import DomainError, NotFoundError
from shared_apps.ui import dashboard as parts
from shared_apps.ui.dashboard import Panel, Place
from shared_apps.ui.toasts import add_toast, toast_header

from . import queries, services
from .models import Capability, Member

PAGE_SIZE = 20


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _panel_html(request: HttpRequest, panel: Panel) -> SafeString:
    return render_to_string(panel.template, dict(panel.build(request)), request)


def _filled(request: HttpRequest, place: Place) -> list[tuple[Panel, SafeString]]:
    return [(panel, _panel_html(request, panel)) for panel in parts.panels(request, place)]


@page("members.view_dashboard")
def dashboard(request: HttpRequest) -> HttpResponse:
    """The first page after logging in: what the apps above have to show this person."""
    actor = actor_of(request)
    context = {
        "breadcrumbs": [(_("Dashboard"), "")],
        "greeting": _("Welcome, %(name)s") % {"name": actor.name},
        "today": formats.date_format(timezone.localdate(), "l, j F Y"),
        "checklist": parts.checklist(request),
        "tiles": _filled(request, Place.TILES),
        "main": _filled(request, Place.MAIN),
        "aside": _filled(request, Place.ASIDE),
    }
    return render(request, "dashboard/dashboard.html", context)


@page("members.view_dashboard")
def dashboard_panel(request: HttpRequest, name: str) -> HttpResponse:
    """One panel anew, asked for when the stream says that something happened."""
    panel = parts.panel(request, name)
    if panel is None:
        raise Http404(_("There is no such panel."))
    return HttpResponse(_panel_html(request, panel))


@page("members.view_member")
def member_list(request: HttpRequest) -> HttpResponse:
    """The members that the actor may see, searched by name or address."""
    members = queries.visible_members(actor_of(request)).order_by("name", "id")
    if wanted := request.GET.get("q", "").replace("\x00", "").strip()[:100]:
        members = members.filter(Q(name__icontains=wanted) | Q(email__icontains=wanted))
    context = {
        "breadcrumbs": [(_("Members"), "")],
        "page": Paginator(members, PAGE_SIZE).get_page(request.GET.get("page")),
        "q": wanted,
        "may_change": may(request, "members.change_capabilities"),
        "may_propose": may(request, "members.propose_transfer"),
        "may_see_invitations": may(request, "members.view_invitation"),
    }
    return render(request, "members/member_list.html", context)


@page("members.view_member")
def member_row(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """One row of the list as it stands (the way back from changing it)."""
    member = queries.get_member(actor_of(request), member_id, "members.view_member")
    return _row(request, member)


def _row(request: HttpRequest, member: Member) -> HttpResponse:
    context = {"member": member, "may_change": may(request, "members.change_capabilities")}
    return render(request, "members/member_row.html", context)


@page("members.change_capabilities", post="members.change_capabilities")
def member_capabilities(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Tick what a member may do. Without scripts the answer is a whole page."""
    actor = actor_of(request)
    member = queries.get_member(actor, member_id, "members.change_capabilities")
    error = ""
    status = 200
    chosen = [*member.capabilities, *member.waiting_capabilities]
    if request.method == "POST":
        chosen = request.POST.getlist("capabilities")
        try:
            member = services.change_capabilities(actor=actor, member_id=member_id, capabilities=chosen)
        except (NotFoundError, StepUpRequired):
            raise
        except DomainError as refused:
            error, status = refused.message, 400
        else:
            message = _("Saved what %(name)s may do.") % {"name": member.name}
            if not _is_htmx(request):
                add_toast(request, message)
                return redirect("members:list")
            response = _row(request, member)
            toast_header(response, message)
            return response
    choices = [(value, label, value in chosen) for value, label in Capability.choices]
    context = {"member": member, "choices": choices, "error": error}
    template = "members/capability_row.html" if _is_htmx(request) else "members/capabilities.html"
    return render(request, template, context, status=status)


@page("members.deactivate_member", post="members.deactivate_member")
def member_activation(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """Shut a member out, or let them in again (`active=1`)."""
    if request.method == "POST":
        change = (
            services.reactivate_member if request.POST.get("active") == "1" else services.deactivate_member
        )
        try:
            member = change(actor=actor_of(request), member_id=member_id)
        except (NotFoundError, StepUpRequired):
            raise
        except DomainError as refused:
            add_toast(request, refused.message, "error")
        else:
            text = _("%(name)s may log in.") if member.is_active else _("%(name)s is shut out.")
            add_toast(request, text % {"name": member.name})
    return redirect("members:list")
