"""One's API tokens as a page: the list, a form for a new one, and the new one shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.actors import Actor
from shared_apps.access.pages import actor_of, page
from shared_apps.access.scopes import READ, WRITE, Area, area_label, grantable_areas
from shared_apps.core.context import PUBLIC, host_schema, platform_context
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import queries
from .account_area import render_account
from .hosts import client_of, host_tenant
from .models import ApiToken
from .services import api_tokens

_LIFETIMES = (7, 30, 90, 180, 366)


class TokenForm(forms.Form):
    """What it is for, how long it lives, and each area: nothing, reading, or writing too."""

    name = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Evening report")}),
    )
    expires_in_days = forms.TypedChoiceField(
        label=gettext_lazy("Expires after"), coerce=int, initial=api_tokens.DEFAULT_LIFETIME.days
    )

    def __init__(self, areas: list[Area], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.areas = areas
        days: Any = self.fields["expires_in_days"]
        days.choices = [(number, _("%(days)s days") % {"days": number}) for number in _LIFETIMES]
        for area in areas:
            choices = [("", _("nothing")), (READ, _("read"))]
            if area.can_write:
                choices.append((WRITE, _("read and write")))
            self.fields[f"area_{area.name}"] = forms.ChoiceField(
                label=area.label, choices=choices, required=False
            )

    @property
    def area_fields(self) -> list[forms.BoundField]:
        """The choice for each area."""
        return [self[f"area_{area.name}"] for area in self.areas]

    @property
    def scopes(self) -> list[str]:
        """What was chosen, as scopes."""
        chosen = ((area.name, self.cleaned_data.get(f"area_{area.name}")) for area in self.areas)
        return [f"{name}:{how}" for name, how in chosen if how]


@page("users.view_api_token", post="users.manage_api_token")
def token_list(request: HttpRequest) -> HttpResponse:
    """One's tokens; POST makes one and shows it, in this answer alone."""
    actor = actor_of(request)
    areas = grantable_areas(actor)
    form = TokenForm(areas, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, actor, form)
    if not form.is_valid():
        return _page(request, actor, form, status=400)
    try:
        made = api_tokens.create_api_token(
            actor=actor,
            tenant=host_tenant(request),
            name=form.cleaned_data["name"],
            scopes=form.scopes,
            lifetime=timedelta(days=form.cleaned_data["expires_in_days"]),
            client=client_of(request),
        )
    except (ForbiddenError, NotFoundError):
        raise
    except DomainError as error:
        add_domain_error(form, error)
        return _page(request, actor, form, status=error.status)
    return _page(request, actor, TokenForm(areas), made=made)


@page("users.manage_api_token", post="users.manage_api_token")
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """End a token at once. A bare visit changes nothing."""
    if request.method == "POST":
        api_tokens.revoke_api_token(actor=actor_of(request), token_id=token_id, tenant=host_tenant(request))
        add_toast(request, _("The token is revoked. It opens nothing any more."))
    return redirect("api-tokens")


def _page(
    request: HttpRequest,
    actor: Actor,
    form: TokenForm,
    *,
    made: api_tokens.NewToken | None = None,
    status: int = 200,
) -> HttpResponse:
    with platform_context():
        tokens = list(queries.own_api_tokens(actor, host_tenant(request)).select_related("tenant"))
    context = {
        "form": form,
        "made": made,
        "rows": [(token, _reach(token), token.expires_at <= timezone.now()) for token in tokens],
        "on_platform": host_schema() == PUBLIC,
    }
    return render_account(request, "account/api_tokens.html", "api-tokens", context, status)


def _reach(token: ApiToken) -> list[tuple[str, bool]]:
    """The areas of a token with whether it may write there."""
    pairs = (str(scope).partition(":") for scope in token.scopes)
    return [(area_label(area), how == WRITE) for area, _colon, how in pairs]
