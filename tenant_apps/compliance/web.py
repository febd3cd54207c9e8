"""Pages of identity: a member's own, and the staff's queue with each case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast
from shared_apps.users.account_area import render_account

from . import documents, queries, rules, services
from .models import IdentityCase, IdentityDocument
from .options import MINIMUM_AGE

PAGE_SIZE = 20
_DATE = forms.DateInput(attrs={"type": "date"})
_FILE = forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"})


class SubmissionForm(forms.Form):
    """What a person shows of themselves; the service judges it."""

    legal_name = forms.CharField(label=gettext_lazy("Name as in the document"), max_length=200)
    birth_date = forms.DateField(label=gettext_lazy("Birth date"), widget=_DATE)
    country = forms.CharField(
        label=gettext_lazy("Country of the document"),
        max_length=2,
        help_text=gettext_lazy("Two letters, like FR."),
    )
    document_kind = forms.ChoiceField(
        label=gettext_lazy("Document"), choices=IdentityCase.DocumentKind.choices
    )
    document_number = forms.CharField(label=gettext_lazy("Number"), max_length=40)
    document_expires_on = forms.DateField(label=gettext_lazy("Valid until"), widget=_DATE)
    front = forms.FileField(label=gettext_lazy("Front, or the page with the photo"), widget=_FILE)
    back = forms.FileField(
        label=pgettext_lazy("side of a document", "Back"),
        required=False,
        widget=_FILE,
        help_text=gettext_lazy("Not for passports."),
    )
    selfie = forms.FileField(label=gettext_lazy("A photo of you with it"), widget=_FILE)

    def clean_country(self) -> str:
        """People type small letters."""
        return str(self.cleaned_data["country"]).upper()


class RejectForm(forms.Form):
    """Why not."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=services.REASON_LENGTH)


@page("compliance.view_case", post="compliance.submit_case")
def own(request: HttpRequest) -> HttpResponse:
    """One's own identity: where it stands, and the form where a case may be submitted."""
    form = SubmissionForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given: dict[str, Any] = dict(form.cleaned_data)
            pictures = {side: given.pop(side) for side in IdentityDocument.Side.values}
            try:
                services.submit_case(
                    actor=actor_of(request), details=services.Details(**given), pictures=pictures
                )
            except ForbiddenError:
                raise
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                add_toast(request, _("Sent. You hear from us as soon as it is checked."))
                return redirect("identity:own")
    case = queries.own_cases(actor_of(request)).first()
    context = {
        "case": case,
        "may_submit": case is None or case.state not in rules.STANDING,
        "is_open": case is not None and case.state in rules.OPEN,
        "form": form,
        "minimum_age": MINIMUM_AGE.value(),
    }
    return render_account(request, "compliance/own.html", "identity:own", context, status=status)


@page("compliance.submit_case", post="compliance.submit_case")
def withdraw(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Take one's own open case back."""
    if request.method == "POST":
        try:
            services.withdraw_case(actor=actor_of(request), case_id=case_id)
        except (NotFoundError, ForbiddenError):
            raise
        except DomainError as error:
            add_toast(request, error.message, "error")
        else:
            add_toast(request, _("Withdrawn."))
    else:
        queries.get_case(actor_of(request), case_id, "compliance.submit_case")
    return redirect("identity:own")


@page("compliance.browse_queue")
def queue(request: HttpRequest) -> HttpResponse:
    """Cases by state; those that wait for the staff first."""
    state = request.GET.get("state", IdentityCase.State.IN_REVIEW)
    if state not in (*IdentityCase.State.values, "all"):
        state = IdentityCase.State.IN_REVIEW
    cases = queries.visible_cases(actor_of(request)).order_by("submitted_at", "id")
    if state != "all":
        cases = cases.filter(state=state)
    context = {
        "breadcrumbs": [(_("Identity checks"), "")],
        "page": Paginator(cases, PAGE_SIZE).get_page(request.GET.get("page")),
        "state": state,
        "states": [*IdentityCase.State.choices, ("all", _("All"))],
    }
    return render(request, "compliance/queue.html", context)


@page("compliance.view_details")
def case_detail(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case with what the person showed; reading it is logged."""
    return _detail(request, case_id, RejectForm())


@page("compliance.view_details")
def case_document(request: HttpRequest, case_id: UUID, side: str) -> HttpResponse:
    """One picture of a case."""
    content = services.view_document(actor=actor_of(request), case_id=case_id, side=side)
    response = HttpResponse(content, content_type=documents.CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@page("compliance.decide_case", post="compliance.decide_case")
def decide(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Approve (`approve=1`) or reject with a reason."""
    if request.method != "POST":
        return redirect("identity:case", case_id)
    form = RejectForm(request.POST)
    try:
        if request.POST.get("approve") == "1":
            services.approve_case(actor=actor_of(request), case_id=case_id)
        elif form.is_valid():
            services.reject_case(actor=actor_of(request), case_id=case_id, **form.cleaned_data)
        else:
            return _detail(request, case_id, form, status=400)
    except (NotFoundError, ForbiddenError):
        raise
    except DomainError as error:
        add_domain_error(form, error)
        return _detail(request, case_id, form, status=error.status)
    add_toast(request, _("Decided."))
    return redirect("identity:queue")


def _detail(request: HttpRequest, case_id: UUID, form: RejectForm, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    case = queries.get_case(actor, case_id, "compliance.view_details")
    details = None
    if case.documents_erased_at is None:
        case, details = services.view_details(actor=actor, case_id=case_id)
    context = {
        "breadcrumbs": [(_("Identity checks"), reverse("identity:queue")), (case.member.name, "")],
        "case": case,
        "details": details,
        "documents": case.documents.all(),
        "form": form,
        "may_decide": may(request, "compliance.decide_case")
        and case.member_id != actor.member_id
        and case.state in rules.STANDING,
        "may_approve": rules.may_follow(case.state, IdentityCase.State.APPROVED),
    }
    return render(request, "compliance/case.html", context, status=status)
