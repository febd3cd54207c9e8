"""Pages on every host: the credits that licences ask for; in development the gallery and the mailbox."""

import datetime as dt
from decimal import Decimal

from csp.decorators import csp
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from shared_apps.ui.icons import ICONS
from shared_apps.ui.mailbox import read_mails
from shared_apps.ui.policy import LETTER
from shared_apps.ui.statuses import STATUSES
from shared_apps.ui.toasts import add_toast


def credits(request: HttpRequest) -> HttpResponse:
    """Whose work the pages stand on, with licences."""
    return render(request, "ui/credits.html")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in a cookie and go back to the page of this host that asked (``next``)."""
    if request.POST.get("language") not in dict(settings.LANGUAGES):
        return render(request, "400.html", status=400)
    answer: HttpResponse = set_language(request)
    return answer


def mailbox(request: HttpRequest) -> HttpResponse:
    """Every e-mail of this development server."""
    return render(request, "ui/mailbox.html", {"mails": read_mails(settings.EMAIL_FILE_PATH)})


@csp(LETTER)  # type: ignore[untyped-decorator]
def letter(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML part of one e-mail, as its reader's program shows it; no script of it runs."""
    found = [mail for mail in read_mails(settings.EMAIL_FILE_PATH) if mail.key == key and mail.html]
    if not found:
        raise Http404
    return HttpResponse(found[0].html)


class SampleForm(forms.Form):
    """A form with one field of each kind, for the gallery."""

    name = forms.CharField(label=_("Name"), max_length=40, help_text=_("As your members will see it."))
    quantity = forms.DecimalField(label=_("Quantity"), min_value=Decimal("0.01"), required=False)
    venue = forms.ChoiceField(label=_("Venue"), choices=[("paper", _("Paper")), ("metaapi", "MetaTrader")])
    agreed = forms.BooleanField(label=_("I have read the rules of this hall"))


def gallery(request: HttpRequest) -> HttpResponse:
    """Every component on one page; `?wrong=1` shows a form's errors, `?toast=1` a toast with undo."""
    form = SampleForm({"name": "", "quantity": "-1"} if request.GET.get("wrong") else None)
    if request.GET.get("toast"):
        add_toast(request, str(_("Order cancelled")), undo_url="/")
    now = dt.datetime.now(dt.UTC)
    return render(
        request,
        "ui/gallery.html",
        {
            "breadcrumbs": [(_("Tools"), "/"), (_("Components"), "")],
            "form": form,
            "icons": sorted(ICONS),
            "statuses": STATUSES,
            "page": Paginator(range(95), 20).get_page(request.GET.get("page")),
            "rows": [
                ("ETH-BTC", Decimal("1.25000000"), Decimal("0.053210"), Decimal("12.40"), "filled", now),
                ("EUR-USD", Decimal("10000"), Decimal("1.08344"), Decimal("-230.15"), "rejected", now),
                (
                    "ADA-BTC",
                    Decimal("3500"),
                    Decimal("0.00000710"),
                    Decimal(0),
                    "queued",
                    now - dt.timedelta(days=3),
                ),
            ],
        },
    )
