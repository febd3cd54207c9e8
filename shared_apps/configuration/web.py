"""The owner's page of options: found, changed within bounds, put back, with who changed what when."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.core.options import Option
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import queries, services


class ValueForm(forms.Form):
    """A new value, by the option's kind, and the reason. The option itself judges the value."""

    value = forms.CharField(label=gettext_lazy("Value"), max_length=300, strip=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=services.REASON_LENGTH)

    def __init__(self, option: Option[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["value"]
        if option.kind_name == "switch":
            field.widget = forms.Select(choices=[("true", _("On")), ("false", _("Off"))])
        elif option.kind_name == "choice":
            field.widget = forms.Select(choices=list(option.choices))
        elif option.kind_name in ("integer", "duration"):
            field.widget = forms.NumberInput(
                attrs={"min": option.plain(option.minimum), "max": option.plain(option.maximum), "step": 1}
            )
        elif option.kind_name == "text":
            field.required = False
        field.help_text = bounds_of(option)


def bounds_of(option: Option[Any]) -> str:
    """What the number may be, in words."""
    if option.minimum is None:
        return ""
    limits = {
        "minimum": option.plain(option.minimum),
        "maximum": option.plain(option.maximum),
        "unit": option.shown_unit,
    }
    return (_("From %(minimum)s to %(maximum)s %(unit)s") % limits).strip() + "."


def shown_value(option: Option[Any], value: Any) -> str:
    """A plain value for people: on and off, a choice's label, a number with its unit."""
    if value is None:
        return _("as inherited")
    if isinstance(value, bool):
        return _("On") if value else _("Off")
    if option.choices:
        return str(dict(option.choices).get(value, value))
    if option.kind_name == "duration":
        return shown_duration(int(value))
    return f"{value} {option.shown_unit}".strip() if value != "" else _("empty")


def shown_duration(seconds: int) -> str:
    """Seconds in the largest unit that leaves no rest: "10 minutes"."""
    size = next((size for size in (86_400, 3_600, 60) if seconds and seconds % size == 0), 1)
    count = seconds // size
    texts = {
        86_400: ngettext("%(count)d day", "%(count)d days", count),
        3_600: ngettext("%(count)d hour", "%(count)d hours", count),
        60: ngettext("%(count)d minute", "%(count)d minutes", count),
        1: ngettext("%(count)d second", "%(count)d seconds", count),
    }
    return texts[size] % {"count": count}


@page("configuration.view_setting")
def option_list(request: HttpRequest) -> HttpResponse:
    """Every option in its group; the search looks into names and labels."""
    wanted = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    found = queries.settings_of(actor_of(request), text=wanted)
    groups = [
        (group, [{"setting": each, "shown": shown_value(each.option, each.value)} for each in members])
        for group, members in groupby(found, key=lambda setting: setting.group)
    ]
    context = {"breadcrumbs": [(_("Settings"), "")], "groups": groups, "q": wanted, "tab": "options"}
    return render(request, "settings/options.html", context)


@page("configuration.view_setting", post="configuration.change_setting")
def option_detail(request: HttpRequest, name: str) -> HttpResponse:
    """One option with its history; POST changes it."""
    setting = queries.setting_of(actor_of(request), name)
    if request.method != "POST":
        return _detail(request, setting, ValueForm(setting.option, initial={"value": _initial(setting)}))
    form = ValueForm(setting.option, request.POST)
    if not form.is_valid():
        return _detail(request, setting, form, status=400)
    try:
        services.change_setting(actor=actor_of(request), name=name, **form.cleaned_data)
    except (NotFoundError, ForbiddenError):
        raise
    except DomainError as error:
        add_domain_error(form, error)
        return _detail(request, setting, form, status=error.status)
    add_toast(request, _("Saved."))
    return redirect("settings:option", name)


@page("configuration.view_setting", post="configuration.change_setting")
def option_reset(request: HttpRequest, name: str) -> HttpResponse:
    """Put an option back to what it inherits."""
    if request.method == "POST":
        services.reset_setting(actor=actor_of(request), name=name)
        add_toast(request, _("Put back."))
    return redirect("settings:option", name)


def _initial(setting: queries.Setting) -> str:
    return str(setting.value).lower() if isinstance(setting.value, bool) else str(setting.value)


def _detail(
    request: HttpRequest, setting: queries.Setting, form: ValueForm, status: int = 200
) -> HttpResponse:
    option = setting.option
    history = [
        {"change": each, "before": shown_value(option, each.before), "after": shown_value(option, each.after)}
        for each in queries.history_of(actor_of(request), option.name)
    ]
    context = {
        "breadcrumbs": [(_("Settings"), reverse("settings:options")), (option.label, "")],
        "setting": setting,
        "shown": shown_value(option, setting.value),
        "inherited": shown_value(option, setting.inherited),
        "form": form,
        "history": history,
        "may_change": setting.may_change and may(request, "configuration.change_setting"),
    }
    return render(request, "settings/option.html", context, status=status)
