"""What pages answer to who must first prove who they are, or first set up a second factor."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from shared_apps.access.step_up import StepUpRequired

from . import pages_confirm


def ask_for_proof(request: HttpRequest, error: StepUpRequired) -> HttpResponse:
    """Lead to the confirmation and back. What a form had sent is kept in the page and sent again."""
    if request.headers.get("HX-Request") == "true":
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = f"{here.path}?{here.query}" if here.query else here.path or "/"
        return HttpResponse(status=401, headers={"HX-Redirect": _address(back)})
    if request.method == "POST":
        return pages_confirm.confirm_form(request, target=request.get_full_path(), repeat=True)
    return redirect(_address(request.get_full_path()))


def lead_to_enrolment(request: HttpRequest) -> HttpResponse:
    """Everything else is closed until then."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": reverse("security")})
    return redirect("security")


def _address(back: str) -> str:
    return f"{reverse('confirm-identity')}?{urlencode({'next': back})}"
