"""Pages for people with several organisations: the list, the menu, and the way over."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from shared_apps.access.pages import actor_of, page
from shared_apps.core.errors import DomainError
from shared_apps.ui.toasts import add_toast
from shared_apps.users import handover
from shared_apps.users import web as identity
from shared_apps.users.second_step import Proof

from . import switching

#: The browser's secret on the host that it wants to enter; a ``__Host-`` cookie where there is TLS.
COOKIE = f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}handover"
_COOKIE_SECONDS = 300


@page("tenants.view_organisations")
def organisations(request: HttpRequest) -> HttpResponse:
    """One's organisations, each a link into it. An htmx request gets the list for the menu."""
    context = {
        "breadcrumbs": [(_("My organisations"), "")],
        "organisations": switching.organisations_of(actor_of(request), request),
        "here": switching.name_of_host(request),
    }
    part = request.headers.get("HX-Request") == "true"
    frame = "base.html" if request.tenant.pk else "platform_base.html"  # type: ignore[attr-defined]
    template = "organisations/menu.html" if part else "organisations/list.html"
    return render(request, template, {**context, "frame": frame})


@page("tenants.hand_over")
def leave(request: HttpRequest) -> HttpResponse:
    """The second of three steps, on the host that knows the person: issue a token for the other host.

    A visit writes nothing but a token that only the browser with the other host's cookie can use.
    """
    try:
        target = UUID(request.GET.get("to", ""))
    except ValueError:
        raise Http404(_("There is no such organisation.")) from None
    challenge = request.GET.get("challenge", "")
    if not challenge:
        raise Http404(_("This address is not complete."))
    way = switching.hand_over(actor_of(request), request, target, challenge=challenge)
    return _elsewhere(way.url)


@page("tenants.enter_organisation")
def enter(request: HttpRequest) -> HttpResponse:
    """The first and the third step, on the host to be entered.

    Without a token: set the browser's secret and ask the host that it comes from (``from``) for a token. With
    one: take it and open a session.
    """
    if actor_of(request).is_authenticated:
        return redirect("/")
    token = request.GET.get("token", "")
    if not token:
        secret, challenge = handover.new_secret()
        origin = switching.origin_of(request, request.GET.get("from", "platform"))
        query = urlencode({"to": switching.name_of_host(request), "challenge": challenge})
        response = _elsewhere(f"{origin}/organisations/leave/?{query}")
        response.set_cookie(
            COOKIE,
            secret,
            max_age=_COOKIE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response
    try:
        secret = request.COOKIES.get(COOKIE, "")
        if not secret:
            raise Http404(_("This address is not complete."))
        user = switching.take(request, token, secret=secret)
        identity.start_browser_session(request, user, proof=Proof.HANDED_OVER)
        response = redirect("/")
    except DomainError as refused:
        add_toast(request, refused.message, "error")
        response = redirect("login")
    response.delete_cookie(COOKIE, samesite="Lax")
    return response


def _elsewhere(address: str) -> HttpResponse:
    response = HttpResponse(status=302, headers={"Location": address})
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
