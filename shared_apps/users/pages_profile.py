"""One's profile by page: who one is, how the pages look, the picture."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, page
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import avatars, queries
from .account_area import render_account
from .api_account import avatar_answer
from .hosts import host_tenant
from .models import User
from .serializers import avatar_url
from .services import accounts
from .services.accounts import OWN_FIELDS
from .validators import time_zones


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person may say of themselves; the model's validators are the API's too."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)

    class Meta:
        model = User
        fields = OWN_FIELDS
        labels = {
            "phone_number": gettext_lazy("Telephone"),
            "bio": gettext_lazy("About you"),
            "url": gettext_lazy("Web site"),
            "company": gettext_lazy("Company"),
            "location": gettext_lazy("Place"),
            "birth_date": gettext_lazy("Date of birth"),
            "account_type": gettext_lazy("You act as"),
            "theme": gettext_lazy("Theme"),
        }
        help_texts = {"account_type": ""}
        widgets = {
            "birth_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "bio": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language: Any = self.fields["language"]
        language.choices = [("", _("As the browser")), *settings.LANGUAGES]
        zone: Any = self.fields["time_zone"]
        zone.choices = [("", _("As the device")), *((name, name.replace("_", " ")) for name in time_zones())]


class AvatarForm(forms.Form):
    """A picture to be made small."""

    avatar = forms.FileField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy("JPEG, PNG, WebP or GIF, at most 5 MB. We keep a small square of it."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )


@page("users.view_self", post="users.change_self")
def profile(request: HttpRequest) -> HttpResponse:
    """Read and change one's own profile."""
    actor = actor_of(request)
    with platform_context():
        person = queries.own_profile(actor)
    if request.method != "POST":
        return _page(request, person, ProfileForm(instance=person), AvatarForm())
    with platform_context():
        form = ProfileForm(request.POST, instance=queries.own_profile(actor))
        is_valid = form.is_valid()
    if not is_valid:
        return _page(request, person, form, AvatarForm(), 400)
    accounts.update_profile(actor=actor, changes=form.cleaned_data, tenant=host_tenant(request))
    add_toast(request, _("Your profile is saved."))
    answer = redirect("account")
    # The theme menu keeps its choice in this cookie; the profile's choice takes its place.
    answer.set_cookie(
        "theme",
        form.cleaned_data["theme"],
        max_age=365 * 24 * 3600,
        secure=request.is_secure(),
        samesite="Lax",
    )
    return answer


@page("users.view_self", post="users.change_self")
def avatar(request: HttpRequest) -> HttpResponse:
    """GET gives one's picture; POST sets another one, or none."""
    actor = actor_of(request)
    if request.method != "POST":
        with platform_context():
            name = queries.own_profile(actor).avatar
        return avatar_answer(name)
    removing = "remove" in request.POST
    form = AvatarForm(None if removing else request.POST, None if removing else request.FILES)
    if removing or form.is_valid():
        try:
            upload = None if removing else form.cleaned_data["avatar"]
            accounts.change_avatar(actor=actor, upload=upload)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            add_toast(request, _("Your picture is removed.") if removing else _("Your picture is saved."))
            return redirect("account")
    with platform_context():
        person = queries.own_profile(actor)
    return _page(request, person, ProfileForm(instance=person), form, 400)


def _page(
    request: HttpRequest, person: User, form: ProfileForm, avatar_form: AvatarForm, status: int = 200
) -> HttpResponse:
    context = {
        "person": person,
        "form": form,
        "avatar_form": avatar_form,
        "avatar_url": avatar_url(person),
        "max_bytes": avatars.MAX_BYTES,
    }
    return render_account(request, "account/profile.html", "account", context, status)
