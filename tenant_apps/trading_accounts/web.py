"""Pages of trading accounts: the list, and connecting one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, may, page
from shared_apps.core.branding import brand_of
from shared_apps.core.context import current_schema
from shared_apps.core.errors import DomainError
from shared_apps.ui.forms import add_domain_error
from shared_apps.ui.toasts import add_toast

from . import services
from .models import TradingAccount
from .queries import visible_accounts
from .rules import AccountStatus
from .services import DEFAULT_PAPER_BALANCE, MAX_BALANCE

PAGE_SIZE = 20


class PaperAccountForm(forms.Form):
    """A paper account: a name, its currency, and how much play money it begins with."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, initial=gettext_lazy("Paper"))
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        max_length=12,
        initial=lambda: brand_of(current_schema()).currency,
        help_text=gettext_lazy("What the account counts in: EUR, USD, BTC …"),
    )
    opening_balance = forms.DecimalField(
        label=gettext_lazy("Opening balance"),
        min_value=Decimal(1),
        max_value=MAX_BALANCE,
        max_digits=24,
        decimal_places=8,
        initial=DEFAULT_PAPER_BALANCE,
        help_text=gettext_lazy("Play money."),
    )

    def clean_currency(self) -> str:
        """Currencies are written in capitals."""
        return str(self.cleaned_data["currency"]).upper()


@page("trading_accounts.view_account")
def account_list(request: HttpRequest) -> HttpResponse:
    """The accounts that the actor may see."""
    accounts = visible_accounts(actor_of(request)).order_by("name", "id")
    context = {
        "breadcrumbs": [(_("Trading accounts"), "")],
        "page": Paginator(accounts, PAGE_SIZE).get_page(request.GET.get("page")),
        "may_create": may(request, "trading_accounts.create_account"),
        "new_url": reverse("trading_accounts:new"),
    }
    return render(request, "trading/account_list.html", context)


@page("trading_accounts.create_account", post="trading_accounts.create_account")
def account_new(request: HttpRequest) -> HttpResponse:
    """Add a paper account and connect it at once."""
    form = PaperAccountForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                account = _open_paper_account(request, form.cleaned_data)
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
            else:
                if account.status == AccountStatus.CONNECTED:
                    add_toast(request, _("%(name)s is connected.") % {"name": account.name})
                else:
                    add_toast(request, _("The venue did not answer; connect it again."), "warning")
                return redirect("trading:account", account.pk)
    crumbs = [(_("Trading accounts"), reverse("trading_accounts:list")), (_("Connect an account"), "")]
    return render(request, "trading/account_new.html", {"breadcrumbs": crumbs, "form": form}, status=status)


def _open_paper_account(request: HttpRequest, cleaned: dict[str, Any]) -> TradingAccount:
    actor = actor_of(request)
    account = services.create_account(
        actor=actor,
        venue="paper",
        name=cleaned["name"],
        currency=cleaned["currency"],
        opening_balance=cleaned["opening_balance"],
    )
    return services.connect_account(actor=actor, trading_account_id=account.pk)
