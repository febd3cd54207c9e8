"""Pages for leaders: invitations, files of them, and join links."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shared_apps.access.pages import actor_of, may, page
from shared_apps.access.step_up import StepUpRequired
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import options, queries, rules, services
from .csv_lines import read_lines
from .models import Capability, Invitation, JoinLink

PAGE_SIZE = 20


class _CapabilitiesForm(forms.Form):
    """What newcomers will be: what the actor may give."""

    capabilities = forms.MultipleChoiceField(
        label=gettext_lazy("They will be"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, capabilities: frozenset[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = rules.grantable(capabilities, Capability.values)
        choices = [(name, Capability(name).label) for name in offered if self.offers(name)]
        self.fields["capabilities"].choices = choices  # type: ignore[attr-defined]

    def offers(self, name: str) -> bool:
        """Whether this form offers a capability that the actor may give."""
        return True


class InviteForm(_CapabilitiesForm):
    """One address."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    field_order = ["email", "capabilities"]


class ImportForm(forms.Form):
    """A file with an address in each line."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy(
            "An address in each line and, behind a comma, capabilities apart by spaces: "
            "ann@example.org,trader buyer"
        ),
    )
    take = forms.ChoiceField(
        label=gettext_lazy("When a line is wrong"),
        choices=[
            ("all", gettext_lazy("invite nobody, and show me the lines")),
            ("good", gettext_lazy("invite the others, and show me the lines")),
        ],
        initial="all",
    )


class JoinLinkForm(_CapabilitiesForm):
    """A link for many."""

    label = forms.CharField(label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("For you."))
    max_uses = forms.IntegerField(label=gettext_lazy("Lets in at most"), min_value=1, initial=25)
    days = forms.IntegerField(label=gettext_lazy("Days until it ends"), min_value=1, initial=14)
    field_order = ["label", "max_uses", "days", "capabilities"]

    def __init__(self, capabilities: frozenset[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(capabilities, *args, **kwargs)
        self.fields["days"].max_value = options.JOIN_LINK_LIFETIME.value().days  # type: ignore[attr-defined]

    def offers(self, name: str) -> bool:
        return name != rules.OWNER


def _origin(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


@page("members.view_invitation", post="members.invite_member")
def invitation_list(request: HttpRequest) -> HttpResponse:
    """All invitations by state, and the form for one more."""
    actor = actor_of(request)
    form = InviteForm(actor.capabilities, request.POST or None)
    if request.method == "POST":
        if form.is_valid():
            try:
                invitation = services.invite_member(actor=actor, origin=_origin(request), **form.cleaned_data)
            except StepUpRequired:
                raise
            except DomainError as error:
                add_domain_error(form, error)
            else:
                add_toast(request, _("The invitation goes to %(email)s.") % {"email": invitation.email})
                return redirect("invitations:list")
        return _list_page(request, form=form, status=400)
    return _list_page(request, form=form)


@page("members.invite_member", post="members.invite_member")
def invitation_import(request: HttpRequest) -> HttpResponse:
    """Invite everybody in a file; lines that were not taken are shown with their numbers."""
    form = ImportForm(request.POST or None, request.FILES or None)
    result, status = None, 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                result = services.import_invitations(
                    actor=actor_of(request),
                    lines=read_lines(form.cleaned_data["file"].chunks(8192)),
                    take_good_ones=form.cleaned_data["take"] == "good",
                    origin=_origin(request),
                )
            except StepUpRequired:
                raise
            except DomainError as error:
                add_domain_error(form, error)
            else:
                if not result.errors:
                    text = ngettext("%(n)d invitation goes out.", "%(n)d invitations go out.", result.lines)
                    add_toast(request, text % {"n": result.lines})
                    return redirect("invitations:list")
                status = 200 if result.invited else 400
    crumbs = [(_("Invitations"), reverse("invitations:list")), (_("From a file"), "")]
    context = {"breadcrumbs": crumbs, "form": form, "result": result}
    return render(request, "members/invitation_import.html", context, status=status)


@page("members.invite_member", post="members.invite_member")
def invitation_resend(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Send the mail again; the earlier link becomes void."""
    return _act(
        request,
        lambda: services.resend_invitation(
            actor=actor_of(request), invitation_id=invitation_id, origin=_origin(request)
        ),
        _("Sent again. The earlier link does not work any more."),
    )


@page("members.invite_member", post="members.invite_member")
def invitation_withdraw(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Make an invitation void."""
    return _act(
        request,
        lambda: services.withdraw_invitation(actor=actor_of(request), invitation_id=invitation_id),
        _("The invitation is withdrawn."),
    )


@page("members.invite_member", post="members.invite_member")
def join_link_new(request: HttpRequest) -> HttpResponse:
    """Make a join link. The answer shows its address, this once."""
    actor = actor_of(request)
    form = JoinLinkForm(actor.capabilities, request.POST or None)
    address, status = "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            days = form.cleaned_data.pop("days")
            try:
                _link, token = services.create_join_link(
                    actor=actor, expires_at=timezone.now() + timedelta(days=days), **form.cleaned_data
                )
            except StepUpRequired:
                raise
            except DomainError as error:
                add_domain_error(form, error)
            else:
                address, status = f"{_origin(request)}{reverse('invitation_ask')}?token={token}", 200
    crumbs = [(_("Invitations"), reverse("invitations:list")), (_("Join link"), "")]
    context = {"breadcrumbs": crumbs, "form": form, "address": address}
    response = render(request, "members/join_link_new.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


@page("members.invite_member", post="members.invite_member")
def join_link_revoke(request: HttpRequest, join_link_id: UUID) -> HttpResponse:
    """Close a join link."""
    return _act(
        request,
        lambda: services.revoke_join_link(actor=actor_of(request), join_link_id=join_link_id),
        _("The join link is closed."),
    )


def _act(request: HttpRequest, act: Callable[[], Invitation | JoinLink], done: str) -> HttpResponse:
    if request.method == "POST":
        try:
            act()
        except (ForbiddenError, NotFoundError):
            raise
        except DomainError as refused:
            add_toast(request, refused.message, "error")
        else:
            add_toast(request, done)
    return redirect("invitations:list")


def _list_page(request: HttpRequest, *, form: InviteForm, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    wanted = request.GET.get("state", "")
    rows = queries.visible_invitations(actor).order_by("-created_at", "-id")
    if wanted in rules.INVITATION_STATES:
        rows = queries.in_state(rows, wanted)
    states = [("", _("All")), *((state, _STATE_LABELS[state]) for state in rules.INVITATION_STATES)]
    context = {
        "breadcrumbs": [(_("Members"), reverse("members:list")), (_("Invitations"), "")],
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "links": queries.visible_join_links(actor).order_by("-created_at")[:50],
        "form": form,
        "states": states,
        "state": wanted,
        "may_invite": may(request, "members.invite_member"),
    }
    return render(request, "members/invitation_list.html", context, status=status)


_STATE_LABELS = {
    rules.PENDING: gettext_lazy("Waiting"),
    rules.ACCEPTED: gettext_lazy("Accepted"),
    rules.EXPIRED: gettext_lazy("Expired"),
    rules.WITHDRAWN: gettext_lazy("Withdrawn"),
}
