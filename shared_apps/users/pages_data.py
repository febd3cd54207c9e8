"""One's own data by page: the file of everything, and the end of the account."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, page
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from .account_area import render_account
from .api_data import zip_answer
from .authentication import set_principal
from .codes import host_of
from .hosts import host_tenant
from .models import DataExport
from .services import erasure, exports


class EraseForm(forms.Form):
    """The address of the account, typed."""

    email = forms.EmailField(label=gettext_lazy("The address of your account"))


@page("users.view_self", post="users.export_self")
def data(request: HttpRequest) -> HttpResponse:
    """What was asked for and how far it is; POST asks."""
    if request.method == "POST":
        try:
            exports.request_export(actor=actor_of(request), host=host_of(request))
        except ForbiddenError:
            raise
        except DomainError as error:
            add_toast(request, error.message, "error")
        else:
            add_toast(request, _("We put your data together and write to you when it is ready."), "info")
        return redirect("account-data")
    return _page(request, EraseForm())


@page("users.export_self")
def download(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """The zip."""
    content = exports.fetch_export(actor=actor_of(request), export_id=export_id, tenant=host_tenant(request))
    return zip_answer(content)


@page("users.erase_self", post="users.erase_self")
def erase(request: HttpRequest) -> HttpResponse:
    """Delete the account. A bare visit changes nothing."""
    if request.method != "POST":
        return redirect("account-data")
    form = EraseForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            erasure.erase_account(
                actor=actor_of(request), email=form.cleaned_data["email"], host=host_of(request)
            )
        except ForbiddenError:
            raise
        except DomainError as error:
            add_domain_error(form, error)
            status = error.status
        else:
            auth.logout(request)
            set_principal(request, None)
            add_toast(request, _("Your account is deleted."), "info")
            return redirect("login")
    return _page(request, form, status)


def _page(request: HttpRequest, form: EraseForm, status: int = 200) -> HttpResponse:
    rows = exports.exports_of(actor_of(request), host_tenant(request))
    unfinished = (DataExport.Status.QUEUED, DataExport.Status.RUNNING)
    context = {
        "form": form,
        "rows": rows,
        "is_running": any(row.status in unfinished for row in rows),
        "is_part": request.headers.get("HX-Request") == "true",
    }
    template = "account/data_rows.html" if context["is_part"] else "account/data.html"
    return render_account(request, template, "account-data", context, status)
