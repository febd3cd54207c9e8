"""The page of ownership: proposing to hand it over, and answering."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.actors import Actor
from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.toasts import add_toast

from . import queries, rules, services
from .models import Member, OwnershipTransfer


class ProposalForm(forms.Form):
    """Who is to become the owner."""

    member = forms.ModelChoiceField(
        label=gettext_lazy("New owner"), queryset=Member.objects.none(), empty_label=None
    )

    def __init__(self, actor: Actor, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        others = queries.visible_members(actor).filter(is_active=True)
        field = self.fields["member"]
        field.queryset = others.exclude(capabilities__contains=[rules.OWNER])  # type: ignore[attr-defined]


@page("members.view_transfer", post="members.propose_transfer")
def ownership(request: HttpRequest) -> HttpResponse:
    """What is proposed, and for owners the form to propose."""
    actor = actor_of(request)
    may_propose = may(request, "members.propose_transfer")
    form = ProposalForm(actor, request.POST or None) if may_propose else None
    if request.method == "POST" and form is not None and form.is_valid():
        member = form.cleaned_data["member"]
        return _act(
            request,
            lambda: services.propose_transfer(
                actor=actor,
                member_id=member.pk,
                origin=request.build_absolute_uri("/").rstrip("/"),
            ),
            _("%(name)s is asked by mail, and becomes the owner by accepting.") % {"name": member.name},
        )
    context = {
        "breadcrumbs": [(_("Members"), reverse("members:list")), (_("Ownership"), "")],
        "transfers": queries.visible_transfers(actor).order_by("-created_at")[:20],
        "form": form,
        "me": actor.member_id,
    }
    return render(request, "members/ownership.html", context, status=400 if request.method == "POST" else 200)


@page("members.answer_transfer", post="members.answer_transfer")
def accept(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """Become the owner."""
    return _act(
        request,
        lambda: services.accept_transfer(actor=actor_of(request), transfer_id=transfer_id),
        _("You are the owner now."),
    )


@page("members.answer_transfer", post="members.answer_transfer")
def decline(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """Say no."""
    return _act(
        request,
        lambda: services.decline_transfer(actor=actor_of(request), transfer_id=transfer_id),
        _("Declined."),
    )


@page("members.propose_transfer", post="members.propose_transfer")
def withdraw(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """Take the proposal back."""
    return _act(
        request,
        lambda: services.withdraw_transfer(actor=actor_of(request), transfer_id=transfer_id),
        _("The proposal is withdrawn."),
    )


def _act(request: HttpRequest, act: Callable[[], OwnershipTransfer], done: str) -> HttpResponse:
    if request.method == "POST":
        try:
            act()
        except (ForbiddenError, NotFoundError):
            raise
        except DomainError as refused:
            add_toast(request, refused.message, "error")
        else:
            add_toast(request, done)
    return redirect("ownership:page")
