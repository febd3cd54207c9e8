"""The page of the brand with its preview, and the two files that the brand consists of."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.context import host_schema
from shared_apps.core.errors import DomainError
from shared_apps.core.money import MINOR_DIGITS
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import branding, rules, services
from .options import ACCENT, ACCENT_DARK, CURRENCY, LANGUAGE, LOGO, SENDER_NAME, TIME_ZONE

_OPTIONS = {
    "accent": ACCENT,
    "accent_dark": ACCENT_DARK,
    "sender_name": SENDER_NAME,
    "language": LANGUAGE,
    "time_zone": TIME_ZONE,
    "currency": CURRENCY,
}
_YEAR = 365 * 24 * 3600


class BrandForm(forms.Form):
    """Everything that an organisation shows of itself; the options judge the values."""

    name = forms.CharField(label=gettext_lazy("Name of the organisation"), max_length=150)
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy("PNG, JPEG or WebP, at most 2 MB; wide ones look best."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Take the logo away"), required=False)
    accent = forms.CharField(
        label=gettext_lazy("Colour, light theme"),
        required=False,
        max_length=7,
        help_text=gettext_lazy("Like #2344b5; empty for the platform's own."),
    )
    accent_dark = forms.CharField(
        label=gettext_lazy("Colour, dark theme"),
        required=False,
        max_length=7,
        help_text=gettext_lazy("Empty: made of the light theme's colour."),
    )
    sender_name = forms.CharField(
        label=gettext_lazy("Sender of e-mails"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Empty: the organisation's name."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=[(name, name) for name in sorted(available_timezones())]
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), choices=[(code, code) for code in MINOR_DIGITS]
    )


@page("configuration.view_setting", post="configuration.change_setting")
def brand(request: HttpRequest) -> HttpResponse:
    """Look at the brand and, as an owner, change it."""
    if request.method != "POST":
        return _page(request, BrandForm(initial=_current(request)))
    form = BrandForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=400)
    cleaned = form.cleaned_data
    try:
        services.change_brand(
            actor=actor_of(request),
            values={option: cleaned[field] for field, option in _OPTIONS.items()},
            name=cleaned["name"],
            logo=cleaned["logo"],
            remove_logo=cleaned["remove_logo"],
        )
    except DomainError as error:
        add_domain_error(form, error)
        return _page(request, form, status=error.status)
    add_toast(request, _("Saved."))
    return redirect("settings:brand")


@page("configuration.view_setting")
def brand_check(request: HttpRequest) -> HttpResponse:
    """What a colour that is being typed would be like, in words, with one that can be read."""
    lines = []
    for field, theme in (("accent", "light"), ("accent_dark", "dark")):
        colour = request.GET.get(field, "").strip()
        if rules.is_colour(colour):
            made = rules.palette(colour, theme)
            lines.append(
                {
                    "theme": theme,
                    "field": field,
                    "contrast": f"{made.contrast:.1f}",
                    "readable": made.readable,
                    "suggestion": rules.readable_accent(colour, theme),
                }
            )
    return render(request, "settings/brand_verdict.html", {"lines": lines, "needed": rules.READABLE})


@page("core.view_page")
def stylesheet(request: HttpRequest, key: str) -> HttpResponse:
    """The colours of this host's organisation; the address changes with them."""
    schema = host_schema()
    accent, dark = ACCENT.value_for(schema), ACCENT_DARK.value_for(schema)
    if not accent or branding.sheet_key(accent, dark) != key:
        raise Http404(_("Not found."))
    return _for_ever(HttpResponse(branding.stylesheet(accent, dark), content_type="text/css"))


@page("core.view_page")
def logo(request: HttpRequest, name: str) -> HttpResponse:
    """The logo of this host's organisation, and no other file."""
    stored = LOGO.value()
    content = branding.read_logo(stored) if stored and stored == f"brand/{name}.png" else None
    if content is None:
        raise Http404(_("Not found."))
    return _for_ever(HttpResponse(content, content_type="image/png"))


def _for_ever(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _current(request: HttpRequest) -> dict[str, Any]:
    schema = host_schema()
    values: dict[str, Any] = {field: option.value_for(schema) for field, option in _OPTIONS.items()}
    return values | {"name": request.tenant.name}  # type: ignore[attr-defined]


def _page(request: HttpRequest, form: BrandForm, status: int = 200) -> HttpResponse:
    context = {
        "breadcrumbs": [(_("Settings"), reverse("settings:options")), (_("Brand"), "")],
        "form": form,
        "tab": "brand",
        "may_change": may(request, "configuration.change_setting"),
    }
    return render(request, "settings/brand.html", context, status=status)
