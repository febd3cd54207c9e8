"""The matrix at the pages' door."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)

from shared_apps.core.api.errors import error_response
from shared_apps.core.errors import ForbiddenError, NotFoundError, TooManyRequestsError, UnavailableError

from .actors import Actor
from .catalogue import can, is_registered
from .declarations import declare, permission_for
from .step_up import StepUpRequired, confirm_page, enrol_page

_Params = ParamSpec("_Params")
_Page = Callable[Concatenate[HttpRequest, _Params], HttpResponseBase]


def page(permission: str, *, post: str | None = None) -> Callable[[_Page[_Params]], _Page[_Params]]:
    """Guard a page: ``@page("trading.view_account", post="trading.change_account")``.

    GET and HEAD ask ``permission``, POST asks ``post``; without ``post`` the page answers 405 to it, as to
    every other method. Who is not signed in is sent to the log-in page and comes back by ``next``; an htmx
    request gets the address in ``HX-Redirect``. Who may not gets the 403 page. For a page that only takes
    a form give the same word twice. ForbiddenError and NotFoundError become the 403 and 404 pages, what comes
    too often or cannot be done now the 429 and 503 pages.
    """
    access = {"get": permission} | ({"post": post} if post else {})

    def decorate(view: _Page[_Params]) -> _Page[_Params]:
        @wraps(view)
        def guarded(
            request: HttpRequest, /, *args: _Params.args, **kwargs: _Params.kwargs
        ) -> HttpResponseBase:
            name = permission_for(access, None, request.method or "")
            if name is None:
                return HttpResponseNotAllowed([method.upper() for method in access])
            actor: Actor = request.actor  # type: ignore[attr-defined]
            if not is_registered(name) or can(actor, name) is None:
                if actor.is_authenticated and actor.only is not None:
                    return enrol_page(request)
                if actor.is_authenticated:
                    raise PermissionDenied
                return to_login(request)
            try:
                return view(request, *args, **kwargs)
            except StepUpRequired as error:
                return confirm_page(request, error)
            except ForbiddenError as error:
                raise PermissionDenied(error.message) from error
            except NotFoundError as error:
                raise Http404(error.message) from error
            except (TooManyRequestsError, UnavailableError) as error:
                answer = error_response(request, status=error.status, code=error.code, message=error.message)
                if isinstance(error, TooManyRequestsError):
                    answer["Retry-After"] = str(error.retry_after)
                return answer

        return declare(guarded, access)

    return decorate


def actor_of(request: HttpRequest) -> Actor:
    """Who asks for this page; the middleware has set it, anonymous people included."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def to_login(request: HttpRequest) -> HttpResponse:
    """Send the browser to the log-in page and back here afterwards; a form's answer is not repeated."""
    htmx = request.headers.get("HX-Request") == "true"
    back = request.get_full_path() if request.method in ("GET", "HEAD") and not htmx else ""
    address = f"{settings.LOGIN_URL}?next={quote(back)}" if back else str(settings.LOGIN_URL)
    if htmx:
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def may(request: HttpRequest, permission: str) -> bool:
    """Whether to show a link or a button; the service behind it asks again."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return can(actor, permission) is not None
