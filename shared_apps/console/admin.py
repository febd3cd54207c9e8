"""The platform's directory in the admin: organisations with their life cycle, people, memberships."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from shared_apps.access.admin import MatrixAdminMixin
from shared_apps.access.catalogue import can
from shared_apps.access.pages import actor_of
from shared_apps.core.errors import DomainError
from shared_apps.tenants import rules, services
from shared_apps.tenants.models import Domain, Membership, Tenant
from shared_apps.users.models import User
from shared_apps.users.services import accounts

from . import admin_options  # noqa: F401 - its admins register themselves
from .model_admin import ReadOnlyAdmin

#: Which row of the matrix opens the way to a state. Exporting and erasing need their own commands first.
STATE_PERMISSIONS = {
    "active": "tenants.reactivate_tenant",
    "suspended": "tenants.suspend_tenant",
    "frozen": "tenants.suspend_tenant",
}
STATE_COLOURS = {
    "active": "success",
    "suspended": "warning",
    "frozen": "info",
    "exported": "info",
    "erased": "danger",
}


class StateForm(forms.Form):
    """Where an organisation goes next, and why: the reason stands in the log."""

    state = forms.ChoiceField(label=gettext_lazy("New state"), widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=255, widget=UnfoldAdminTextInputWidget)


class DomainInline(MatrixAdminMixin, TabularInline):
    model = Domain
    access = {"view": "tenants.view_tenant"}
    fields = ("domain", "is_primary")
    extra = 0
    tab = True


class MembershipInline(MatrixAdminMixin, TabularInline):
    model = Membership
    access = {"view": "users.view_user"}
    fields = ("user", "is_active", "created_at")
    extra = 0
    tab = True


@admin.register(Tenant)
class TenantAdmin(ReadOnlyAdmin):
    """Organisations: found by name or subdomain, moved along their life cycle by a service."""

    access = {"view": "tenants.view_tenant"}
    list_display = ("name", "address", "shown_state", "created_at")
    list_filter = ("state",)
    search_fields = ("name", "slug", "email")
    inlines = (DomainInline, MembershipInline)
    actions_detail = ("change_state",)

    @display(description=gettext_lazy("Address"), ordering="slug")
    def address(self, tenant: Tenant) -> str:
        """The subdomain as a link."""
        return str(tenant.slug)

    @display(description=gettext_lazy("State"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, tenant: Tenant) -> tuple[str, str]:
        """The state with its colour."""
        return tenant.state, str(Tenant.State(tenant.state).label)

    @action(description=gettext_lazy("Change the state"), url_path="state", icon="sync_alt")
    def change_state(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for the next state and the reason, then call the service; it refuses what is not allowed."""
        actor = actor_of(request)
        tenant = self.get_object(request, str(object_id))
        if tenant is None or not self.has_view_permission(request, tenant):
            return redirect("admin:tenants_tenant_changelist")
        choices = [
            (state, Tenant.State(state).label)
            for state, permission in STATE_PERMISSIONS.items()
            if rules.may_follow(tenant.state, state) and can(actor, permission) is not None
        ]
        form = StateForm(request.POST or None)
        form.fields["state"].choices = choices  # type: ignore[attr-defined]
        if request.method == "POST" and form.is_valid():
            try:
                services.change_state(tenant_id=tenant.pk, **form.cleaned_data)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                text = _("%(name)s is now %(state)s.")
                self.message_user(
                    request,
                    text % {"name": tenant.name, "state": Tenant.State(form.cleaned_data["state"]).label},
                    messages.SUCCESS,
                )
                return redirect("admin:tenants_tenant_change", tenant.pk)
        context = self.admin_site.each_context(request) | {
            "title": _("Change the state of %(name)s") % {"name": tenant.name},
            "form": form,
            "choices": choices,
            "tenant": tenant,
            "opts": self.opts,
            "back": reverse("admin:tenants_tenant_change", args=[tenant.pk]),
        }
        return render(request, "admin/tenant_state.html", context)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who belongs to which organisation. Rights stand in the organisation, out of sight from here."""

    access = {"view": "users.view_user"}
    list_display = ("user", "tenant", "is_active", "created_at")
    list_filter = ("is_active", "tenant")
    list_select_related = ("user", "tenant")
    search_fields = ("user__email", "tenant__name", "tenant__slug")


class UserMembershipInline(MembershipInline):
    fields = ("tenant", "is_active", "created_at")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """People of the platform: looked at here, deactivated and let in again by a service."""

    access = {"view": "users.view_user"}
    exclude = ("password",)
    list_display = ("email", "display_name", "shown_role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("email", "username", "first_name", "last_name")
    inlines = (UserMembershipInline,)
    actions_detail = ("change_activation",)

    @display(description=gettext_lazy("Role"), ordering="role", label=True)
    def shown_role(self, user: User) -> str:
        """The platform role."""
        return user.get_role_display()

    @action(description=gettext_lazy("Deactivate or reactivate"), url_path="activation", icon="person_off")
    def change_activation(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask first; then turn the account off (its sessions end) or on again."""
        user = self.get_object(request, str(object_id))
        if user is None or not self.has_view_permission(request, user):
            return redirect("admin:users_user_changelist")
        if request.method == "POST":
            try:
                accounts.change_user(
                    actor=actor_of(request), user_id=user.pk, changes={"is_active": not user.is_active}
                )
            except DomainError as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                self.message_user(request, _("Saved."), messages.SUCCESS)
            return redirect("admin:users_user_change", user.pk)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "POST"])
        context = self.admin_site.each_context(request) | {
            "title": _("Deactivate %(name)s?") if user.is_active else _("Let %(name)s in again?"),
            "account": user,
            "opts": self.opts,
            "back": reverse("admin:users_user_change", args=[user.pk]),
        }
        context["title"] %= {"name": user.display_name}
        return render(request, "admin/user_activation.html", context)
