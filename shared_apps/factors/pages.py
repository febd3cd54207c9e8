"""The security page: second factors, passkeys, recovery codes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from shared_apps.access.pages import actor_of, page
from shared_apps.access.step_up import require_recent
from shared_apps.core.context import PUBLIC, host_schema, platform_context
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast
from shared_apps.users.account_area import render_account
from shared_apps.users.hosts import client_of, host_tenant

from . import gate, queries
from .forms import PasskeyForm, TotpForm
from .services import enrolment
from .services.enrolment import TotpSetup
from .site import site_of

Type = queries.Type


@page("factors.view_factor")
def security(request: HttpRequest) -> HttpResponse:
    """What protects one's log-in, and what could."""
    actor = actor_of(request)
    with platform_context():
        rows = list(queries.authenticators(actor.user_id or 0))
    passkeys = [row for row in rows if row.type == Type.WEBAUTHN]
    totp = next((row for row in rows if row.type == Type.TOTP), None)
    context = {
        "passkeys": [(row, row.data["name"], row.data["rp_id"]) for row in passkeys],
        "totp": totp,
        "enrolled": bool(passkeys or totp),
        "codes_left": queries.recovery_codes_left(rows),
        "must_enrol": gate.is_required(actor) and not (passkeys or totp),
    }
    return render_account(request, "security/security.html", "security", context)


@page("factors.manage_factor", post="factors.manage_factor")
def totp(request: HttpRequest) -> HttpResponse:
    """Scan the picture, type the code that the app shows."""
    actor, site = actor_of(request), site_of(request)
    if request.method != "POST":
        try:
            setup = enrolment.begin_totp(actor=actor, site=site)
        except ConflictError as error:
            add_toast(request, error.message, "info")
            return redirect("security")
        return _totp_page(request, TotpForm(initial={"setup_token": setup.token}), setup)
    form = TotpForm(request.POST)
    setup = enrolment.setup_of(actor=actor, site=site, token=request.POST.get("setup_token", ""))
    if not form.is_valid():
        return _totp_page(request, form, setup, 400)
    try:
        added = enrolment.add_totp(
            actor=actor,
            token=setup.token,
            code=form.cleaned_data["code"],
            tenant=host_tenant(request),
            client=client_of(request),
        )
    except (ForbiddenError, NotFoundError):
        raise
    except DomainError as error:
        add_domain_error(form, error)
        return _totp_page(request, form, setup, error.status)
    return _added(request, added, _("Your authenticator app is set up."))


@page("factors.manage_factor", post="factors.manage_factor")
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Name it; the browser makes it."""
    actor = actor_of(request)
    if request.method != "POST":
        require_recent(actor)
        return _passkey_page(request, PasskeyForm())
    form = PasskeyForm(request.POST)
    if not form.is_valid():
        return _passkey_page(request, form, 400)
    try:
        added = enrolment.add_passkey(
            actor=actor,
            ceremony=form.cleaned_data["ceremony"],
            credential=form.cleaned_data["credential"],
            label=form.cleaned_data["name"],
            client=client_of(request),
            site=site_of(request),
            tenant=host_tenant(request),
        )
    except (ForbiddenError, NotFoundError):
        raise
    except DomainError as error:
        form.add_error("name" if "name" in error.details else None, error.message)
        return _passkey_page(request, form, error.status)
    return _added(request, added, _("Your passkey is set up."))


@page("factors.manage_factor", post="factors.manage_factor")
def remove(request: HttpRequest, factor_id: int) -> HttpResponse:
    """Take a factor away. A bare visit changes nothing."""
    if request.method == "POST":
        try:
            enrolment.remove_factor(
                actor=actor_of(request),
                factor_id=factor_id,
                tenant=host_tenant(request),
                client=client_of(request),
            )
        except ConflictError as error:
            add_toast(request, error.message, "error")
        else:
            add_toast(request, _("Removed."))
    return redirect("security")


@page("factors.manage_factor", post="factors.manage_factor")
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """New codes in the place of the old ones, shown in this answer alone."""
    if request.method != "POST":
        return redirect("security")
    codes = enrolment.make_recovery_codes(
        actor=actor_of(request), tenant=host_tenant(request), client=client_of(request)
    )
    return _codes(request, codes, _("Your new recovery codes"))


def _added(request: HttpRequest, added: enrolment.Added, message: str) -> HttpResponse:
    if added.recovery_codes:
        return _codes(request, added.recovery_codes, message)
    add_toast(request, message)
    return redirect("security")


def _codes(request: HttpRequest, codes: tuple[str, ...], title: str) -> HttpResponse:
    context = {"codes": codes, "all_codes": "\n".join(codes), "title": title}
    return _render(request, "security/codes.html", context, [(title, "")])


def _totp_page(request: HttpRequest, form: TotpForm, setup: TotpSetup, status: int = 200) -> HttpResponse:
    context = {"form": form, "setup": setup}
    return _render(request, "security/totp.html", context, [(_("Authenticator app"), "")], status)


def _passkey_page(request: HttpRequest, form: PasskeyForm, status: int = 200) -> HttpResponse:
    return _render(request, "security/passkey.html", {"form": form}, [(_("Passkey"), "")], status)


def _render(
    request: HttpRequest, template: str, context: dict[str, Any], crumbs: list[Any], status: int = 200
) -> HttpResponse:
    context |= {
        "frame": "platform_base.html" if host_schema() == PUBLIC else "base.html",
        "breadcrumbs": [(_("Security"), reverse("security")), *crumbs],
    }
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    return response
