"""The platform's options in the admin: each declared one with its values everywhere and their history."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from shared_apps.access.pages import actor_of
from shared_apps.configuration import plans, services
from shared_apps.configuration.models import Level, OptionChange, OptionValue
from shared_apps.configuration.services import PLATFORM_PLACE, Place
from shared_apps.core import options
from shared_apps.core.errors import DomainError
from shared_apps.core.options import Option, Scope
from shared_apps.tenants.models import Tenant

from .model_admin import ReadOnlyAdmin

_HISTORY = 100


class OptionForm(forms.Form):
    """A value for the platform, a plan or an organisation; an empty one with ``reset`` takes it back."""

    place = forms.CharField(
        label=gettext_lazy("Where"), max_length=80, widget=UnfoldAdminSelectWidget, initial="platform"
    )
    slug = forms.CharField(
        label=gettext_lazy("Subdomain of the organisation"),
        max_length=160,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    value = forms.CharField(
        label=gettext_lazy("Value"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=services.REASON_LENGTH, widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, option: Option[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("platform", _("Platform"))]
        if option.scope >= Scope.PLAN:
            choices += [(f"plan:{code}", name) for code, name in plans.all_plans().items()]
        if option.scope is Scope.TENANT:
            choices.append(("tenant", _("Organisation")))
        else:
            del self.fields["slug"]
        self.fields["place"].widget.choices = choices

    def chosen_place(self) -> Place:
        """Where the change goes. Raises DomainError naming ``place`` or ``slug``."""
        kind, _colon, plan = self.cleaned_data["place"].partition(":")
        if kind == "platform":
            return PLATFORM_PLACE
        if kind == "plan":
            return Place(Level.PLAN, plan=plan)
        tenant = Tenant.objects.filter(slug=self.cleaned_data.get("slug", "")).first()
        if tenant is None:
            raise DomainError("tenant.unknown", _("No organisation has this subdomain."), field="slug")
        return Place(Level.TENANT, tenant=tenant)


@admin.register(OptionValue)
class OptionValueAdmin(ReadOnlyAdmin):
    """All options in groups; one page each to change it and to read who did."""

    access = {"view": "configuration.view_option", "set": "configuration.change_option"}

    def get_urls(self) -> list[URLPattern]:
        """The list of declared options instead of the list of rows, and a page for each option."""
        view = self.admin_site.admin_view
        ours = [
            path("", view(self.changelist_view), name="configuration_optionvalue_changelist"),
            path("option/<str:name>/", view(self.option_view), name="configuration_option"),
        ]
        for pattern in ours:
            pattern.callback.model_admin = self
        return [*ours, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every option by group, with the platform's value and how many places differ; ``?q=`` searches."""
        self._refuse_others(request)
        wanted = request.GET.get("q", "").replace("\x00", "").strip()[:100].casefold()
        stored: dict[str, list[OptionValue]] = {}
        for row in OptionValue.objects.order_by("option"):
            stored.setdefault(row.option, []).append(row)
        lines = [
            _line(option, stored.get(option.name, []))
            for option in options.all_options()
            if wanted in f"{option.name} {option.label} {option.source}".casefold()
        ]
        lines.sort(key=lambda line: (line["group"].casefold(), line["option"].name))
        context = self.admin_site.each_context(request) | {
            "title": _("Options"),
            "groups": [
                (group, list(found)) for group, found in groupby(lines, key=lambda line: line["group"])
            ],
            "q": request.GET.get("q", ""),
            "opts": self.opts,
        }
        return render(request, "admin/options.html", context)

    def option_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """One option: its facts, values and history; superadmins change it."""
        self._refuse_others(request)
        try:
            option = options.get_option(name)
        except KeyError:
            raise Http404(_("There is no such setting.")) from None
        may_change = self._may(request, "set")
        form = OptionForm(option, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                self._save(request, option, form)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                self.message_user(request, _("Saved."), messages.SUCCESS)
                return redirect("admin:configuration_option", name)
        history = OptionChange.objects.filter(option=name).select_related("tenant", "changed_by")
        context = self.admin_site.each_context(request) | {
            "title": option.label,
            "option": option,
            "default": option.plain(option.default),
            "bounds": [
                option.plain(bound) for bound in (option.minimum, option.maximum) if bound is not None
            ],
            "form": form if may_change else None,
            "rows": OptionValue.objects.filter(option=name).select_related("tenant", "changed_by"),
            "history": history[:_HISTORY],
            "opts": self.opts,
            "back": reverse("admin:configuration_optionvalue_changelist"),
        }
        return render(request, "admin/option.html", context)

    def _save(self, request: HttpRequest, option: Option[Any], form: OptionForm) -> None:
        actor, reason, place = actor_of(request), form.cleaned_data["reason"], form.chosen_place()
        if "reset" in request.POST:
            services.reset_option(actor=actor, name=option.name, place=place, reason=reason)
        else:
            value = form.cleaned_data["value"]
            services.change_option(actor=actor, name=option.name, value=value, place=place, reason=reason)

    def _refuse_others(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def _line(option: Option[Any], rows: list[OptionValue]) -> dict[str, Any]:
    platform = next((row.value for row in rows if row.level == Level.PLATFORM), None)
    return {
        "option": option,
        "group": str(apps.get_app_config(option.app).verbose_name),
        "value": option.plain(option.default) if platform is None else platform,
        "is_changed": platform is not None,
        "elsewhere": len(rows) - (platform is not None),
    }


@admin.register(OptionChange)
class OptionChangeAdmin(ReadOnlyAdmin):
    """Every change of every option."""

    access = {"view": "configuration.view_option"}
    list_display = ("changed_at", "option", "level", "tenant", "before", "after", "changed_by", "reason")
    list_filter = ("level",)
    list_select_related = ("tenant", "changed_by")
    search_fields = ("option", "reason", "tenant__slug")
