"""Confirming that it is you, on the way to something critical."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render

from shared_apps.access.pages import actor_of, page
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.users.hosts import client_of, host_tenant
from shared_apps.users.pages import safe_target

from . import queries
from .forms import ConfirmForm, PasskeyAnswerForm
from .services import proving
from .site import site_of

_OWN = ("step_up_next", "step_up_repeat", "step_up_code", "step_up_password", "ceremony", "credential",
        "csrfmiddlewaretoken")  # fmt: skip


class HttpResponseRepeat(HttpResponseRedirect):
    """307: the browser sends the same form again, to another address."""

    status_code = 307


@page("factors.confirm_identity", post="factors.confirm_identity")
def confirm(request: HttpRequest) -> HttpResponse:
    """A code, a passkey, or the password of who has no second factor; then back to where one was.

    The form of the page that asked travels along in hidden fields, and the browser repeats it by a 307: no
    script is needed and nothing is stored.
    """
    target = safe_target(request, request.POST.get("step_up_next") or request.GET.get("next") or "")
    if request.method != "POST":
        return confirm_form(request, target=target, repeat=False)
    repeat = request.POST.get("step_up_repeat") == "1"
    enrolled, _passkeys = _factors(request)
    answer = PasskeyAnswerForm(request.POST)
    form = ConfirmForm(request.POST, enrolled=enrolled)
    by_passkey = bool(request.POST.get("credential"))
    if not (answer if by_passkey else form).is_valid():
        return confirm_form(request, target=target, repeat=repeat, form=form, status=400)
    try:
        proving.confirm_identity(
            actor=actor_of(request),
            tenant=host_tenant(request),
            client=client_of(request),
            site=site_of(request),
            password="" if by_passkey else form.cleaned_data.get("step_up_password", ""),
            code="" if by_passkey else form.cleaned_data.get("step_up_code", ""),
            assertion=answer.cleaned_data["credential"] if by_passkey else None,
            ceremony=answer.cleaned_data["ceremony"] if by_passkey else "",
        )
    except (ForbiddenError, NotFoundError):
        raise
    except proving.ChallengeOver:
        return redirect("login")
    except DomainError as error:
        form.add_error(None if by_passkey else next(iter(form.fields)), error.message)
        return confirm_form(request, target=target, repeat=repeat, form=form, status=error.status)
    return HttpResponseRepeat(target) if repeat else redirect(target)


def confirm_form(
    request: HttpRequest, *, target: str, repeat: bool, form: ConfirmForm | None = None, status: int = 200
) -> HttpResponse:
    """The page that asks; with ``repeat`` it carries the form that was sent to ``target``."""
    enrolled, passkeys = _factors(request)
    kept = [
        (name, value)
        for name, values in (request.POST.lists() if repeat else ())
        if name not in _OWN
        for value in values
    ]
    context = {
        "form": form or ConfirmForm(enrolled=enrolled),
        "enrolled": enrolled,
        "passkeys": passkeys,
        "target": target,
        "repeat": repeat,
        "kept": kept,
    }
    response = render(request, "security/confirm.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _factors(request: HttpRequest) -> tuple[bool, bool]:
    """Whether the person has a second factor, and a passkey for this host."""
    user_id = actor_of(request).user_id or 0
    with platform_context():
        return queries.has_factor(user_id), bool(queries.passkeys(user_id, site_of(request).rp_id))
