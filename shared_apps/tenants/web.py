"""Pages of the platform's host: the front page, and founding an organisation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from shared_apps.access.actors import Actor
from shared_apps.access.pages import actor_of, page
from shared_apps.core import throttling
from shared_apps.core.api.errors import error_response
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError
from shared_apps.ui.forms import add_domain_error
from shared_apps.users.models import User
from shared_apps.users.web import require_attempt_left

from . import demo, hosts, services
from .models import Tenant


class SignUpForm(forms.Form):
    """An organisation and its owner. Somebody signed in is the owner and names no person."""

    name = forms.CharField(label=_("Name of the organisation"), max_length=150)
    slug = forms.CharField(
        label=_("Subdomain"),
        max_length=40,
        help_text=_("Lower-case letters, digits and hyphens. It becomes your address and stays."),
    )
    full_name = forms.CharField(label=_("Your name"), max_length=150)
    email = forms.EmailField(label=_("E-mail"))
    password = forms.CharField(
        label=_("Password"),
        min_length=8,
        max_length=128,
        strip=False,
        widget=forms.PasswordInput,
        help_text=_("At least 8 characters, and not a common word."),
    )

    def __init__(self, *args: Any, is_signed_in: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_signed_in:
            for name in ("full_name", "email", "password"):
                del self.fields[name]

    def clean_slug(self) -> str:
        """The subdomain as it will be: people type capitals and blanks around it."""
        return str(self.cleaned_data["slug"]).strip().lower()

    def clean_email(self) -> str:
        """One spelling for each address."""
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        """The password's rules know the person's name and address."""
        cleaned: dict[str, Any] = super().clean() or {}
        password = cleaned.get("password")
        if password:
            person = User(email=cleaned.get("email", ""), first_name=cleaned.get("full_name", ""))
            try:
                validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


def tenant_url(request: HttpRequest, slug: str, path: str = "/") -> str:
    """The address of a tenant's page, on the port that this request came in on."""
    port = request.get_host().partition(":")[2]
    return f"{request.scheme}://{hosts.subdomain(slug)}{f':{port}' if port else ''}{path}"


@page("core.view_page")
def front(request: HttpRequest) -> HttpResponse:
    """What this is, and the way in; in development the demo's organisations too."""
    shown = []
    if settings.ENVIRONMENT != "production":
        with platform_context():
            rows = Tenant.objects.filter(slug__in=demo.TENANTS, is_active=True).values_list("name", "slug")
            shown = [
                {"name": name, "url": tenant_url(request, slug), "host": hosts.subdomain(slug)}
                for name, slug in rows
            ]
    return render(request, "platform/front.html", {"demo_tenants": shown})


@page("tenants.sign_up", post="tenants.sign_up")
def sign_up(request: HttpRequest) -> HttpResponse:
    """Found an organisation, then lead its owner to the log-in on its own address."""
    actor = actor_of(request)
    signed_in = actor.is_authenticated
    if request.method != "POST":
        return _sign_up_page(request, SignUpForm(is_signed_in=signed_in))
    form = SignUpForm(request.POST, is_signed_in=signed_in)
    if not form.is_valid():
        return _sign_up_page(request, form, status=400)
    try:
        require_attempt_left(actor.email or form.cleaned_data["email"])
        tenant = _found(form.cleaned_data, actor)
    except DomainError as error:
        add_domain_error(form, error)
        return _sign_up_page(request, form, status=error.status)
    login_url = tenant_url(request, tenant.slug, reverse("login", urlconf=settings.ROOT_URLCONF))
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": login_url})
    return render(request, "platform/ready.html", {"tenant": tenant, "login_url": login_url}, status=201)


def _found(cleaned: dict[str, Any], actor: Actor) -> Tenant:
    founder: dict[str, Any] | None = None
    if not actor.is_authenticated:
        first_name, _blank, last_name = cleaned["full_name"].strip().rpartition(" ")
        founder = {
            "email": cleaned["email"],
            "password": cleaned["password"],
            "first_name": first_name or last_name,
            "last_name": last_name if first_name else "",
        }
    return services.sign_up(actor=actor, name=cleaned["name"], slug=cleaned["slug"], founder=founder)


def _sign_up_page(request: HttpRequest, form: SignUpForm, status: int = 200) -> HttpResponse:
    part = (
        "platform/signup_form.html" if request.headers.get("HX-Request") == "true" else "platform/signup.html"
    )
    context = {
        "form": form,
        "domain_suffix": f".{settings.BASE_DOMAIN}",
        "check_url": reverse("check_slug"),
    }
    return render(request, part, context, status=status)


@page("tenants.check_slug")
def check_slug(request: HttpRequest) -> HttpResponse:
    """Whether a subdomain can be had, in words, while it is being typed. Counted with the API's questions."""
    seconds = throttling.hit("slug_check", throttling.client_address())
    if seconds is not None:
        return error_response(
            request, status=429, code="throttled", message=str(_("Too many requests; wait a moment."))
        )
    slug = request.GET.get("slug", "").strip().lower()[:60]
    error = services.slug_error(slug) if slug else None
    context = {"slug": slug, "problem": error and capfirst(error.message), "address": hosts.subdomain(slug)}
    return render(request, "platform/slug_verdict.html", context)
