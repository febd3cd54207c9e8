"""The second step of a log-in, and log-in by passkey, as pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from shared_apps.access.pages import actor_of, page
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError
from shared_apps.ui.toasts import add_toast
from shared_apps.users import web
from shared_apps.users.hosts import client_of, host_tenant
from shared_apps.users.pages import safe_target
from shared_apps.users.second_step import Proof

from . import gate, memory, queries
from .forms import PasskeyAnswerForm, SecondStepForm
from .services import proving
from .site import site_of


@page("users.sign_in", post="users.sign_in")
def second(request: HttpRequest) -> HttpResponse:
    """A code or a passkey, for somebody whose password was right in this browser."""
    target = safe_target(request, request.POST.get("next") or request.GET.get("next") or "")
    token: str = request.session.get(web.CHALLENGE_KEY, "")
    waiting = memory.look(gate.LOGIN, token) if token else None
    if waiting is None:
        if actor_of(request).is_authenticated:
            return redirect(target)
        if token:
            add_toast(request, _("That took too long or failed too often. Log in again."), "warning")
            del request.session[web.CHALLENGE_KEY]
        return _to_login(target)
    form = SecondStepForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, form, target, token, waiting["user_id"])
    answer = PasskeyAnswerForm(request.POST)
    by_passkey = bool(request.POST.get("credential"))
    if not (answer if by_passkey else form).is_valid():
        return _page(request, form, target, token, waiting["user_id"], 400)
    try:
        user = proving.finish_login(
            token=token,
            client=client_of(request),
            tenant=host_tenant(request),
            site=site_of(request),
            code="" if by_passkey else form.cleaned_data["code"],
            assertion=answer.cleaned_data["credential"] if by_passkey else None,
            ceremony=answer.cleaned_data["ceremony"] if by_passkey else "",
        )
    except proving.ChallengeOver as error:
        add_toast(request, error.message, "warning")
        return _to_login(target)
    except DomainError as error:
        form.add_error(None if by_passkey else "code", error.message)
        return _page(request, form, target, token, waiting["user_id"], error.status)
    del request.session[web.CHALLENGE_KEY]
    web.start_browser_session(request, user, proof=Proof.SECOND_FACTOR)
    return redirect(target)


@page("users.sign_in", post="users.sign_in")
def passkey(request: HttpRequest) -> HttpResponse:
    """Log in by passkey alone; the button is on the log-in page."""
    target = safe_target(request, request.POST.get("next") or "")
    if request.method != "POST":
        return _to_login(target)
    answer = PasskeyAnswerForm(request.POST)
    try:
        web.require_attempt_left("")
        if not answer.is_valid():
            raise DomainError("auth.passkey_refused", _("Your browser's answer could not be read."))
        user = proving.login_by_passkey(
            ceremony=answer.cleaned_data["ceremony"],
            assertion=answer.cleaned_data["credential"],
            site=site_of(request),
            tenant=host_tenant(request),
        )
    except DomainError as error:
        add_toast(request, error.message, "error")
        return _to_login(target)
    web.start_browser_session(request, user, proof=Proof.SECOND_FACTOR)
    return redirect(target)


def _to_login(target: str) -> HttpResponse:
    return redirect(f"{reverse('login')}?{urlencode({'next': target})}")


def _page(
    request: HttpRequest, form: SecondStepForm, target: str, token: str, user_id: int, status: int = 200
) -> HttpResponse:
    with platform_context():
        methods = queries.methods_of(queries.authenticators(user_id), site_of(request).rp_id)
    context = {
        "form": form,
        "next": target,
        "challenge": token,
        "has_passkey": "webauthn" in methods,
        "has_code": bool({"totp", "recovery_code"} & set(methods)),
    }
    response = render(request, "security/second_step.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
