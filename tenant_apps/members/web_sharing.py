"""The page of sharing, one for each kind of object: who can see it, and with whom it is shared."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.catalogue import reaches
from shared_apps.access.pages import actor_of, page
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import queries, services
from .models import Capability
from .sharing import get_shareable


class ShareForm(forms.Form):
    """The address of a member."""

    email = forms.EmailField(label=gettext_lazy("E-mail of a member"), max_length=254)


def share_paths(kind: str, prefix: str, app: str, *, view: str, share: str, back: str) -> list[URLPattern]:
    """The two addresses of a kind's objects below ``prefix`` (``accounts/<uuid:object_id>/``).

    ``app`` is the namespace of the including urls, ``view`` and ``share`` the permissions of the kind, and
    ``back`` the name of the object's own page.
    """

    @page(view, post=share)
    def sharing(request: HttpRequest, object_id: UUID) -> HttpResponse:
        return _sharing(request, kind, object_id, app, back)

    @page(share, post=share)
    def unshare(request: HttpRequest, object_id: UUID, member_id: UUID) -> HttpResponse:
        if request.method == "POST":
            services.unshare_object(
                actor=actor_of(request), kind=kind, object_id=object_id, member_id=member_id
            )
            add_toast(request, _("They do not see it any more."))
        return redirect(f"{app}:sharing", object_id)

    return [
        path(f"{prefix}sharing/", sharing, name="sharing"),
        path(f"{prefix}sharing/<uuid:member_id>/remove/", unshare, name="unshare"),
    ]


def _sharing(request: HttpRequest, kind: str, object_id: UUID, app: str, back: str) -> HttpResponse:
    actor, shareable = actor_of(request), get_shareable(kind)
    form = ShareForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                recipient = services.share_object(
                    actor=actor, kind=kind, object_id=object_id, email=form.cleaned_data["email"]
                )
            except (ForbiddenError, NotFoundError):
                raise
            except DomainError as error:
                add_domain_error(form, error)
            else:
                add_toast(request, _("%(name)s sees it now.") % {"name": recipient.name})
                return redirect(f"{app}:sharing", object_id)
    shown = queries.get_shareable_object(actor, kind, shareable.see_shares, object_id)
    own = shareable.owner(shown) == actor.member_id
    context = {
        "breadcrumbs": [(str(shown), reverse(back, args=[object_id])), (_("Sharing"), "")],
        "shown": shown,
        "label": shareable.label,
        "form": form,
        "people": [(each, _why(each.why)) for each in queries.reach_of(actor, kind, object_id)],
        "app": app,
        "unshare": f"{app}:unshare",
        "may_share": reaches(actor, shareable.share, own),
    }
    return render(request, "members/sharing.html", context, status=status)


def _why(word: str) -> str:
    words: dict[str, Callable[[], str]] = {
        "own": lambda: _("It is theirs"),
        "shared": lambda: _("It is shared with them"),
        "member": lambda: _("Every member sees it"),
    }
    return words[word]() if word in words else str(Capability(word).label)
