"""``/pay/{id}/``: what a payer has to do, live, with the way back. Whoever asked for the money leads here."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import qrcode
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from qrcode.image.svg import SvgPathImage

from shared_apps.access.pages import actor_of, page
from shared_apps.core.errors import ConflictError, UnavailableError
from shared_apps.ui.toasts import add_toast

from . import queries, rules
from .models import Payment, Purpose
from .services import commands
from .web import frame

#: What a link of a payment may be; ``http`` only where the provider is simulated on this machine.
_SCHEMES: Final = ("https", "bitcoin", "ethereum", "litecoin")
_LABELS: Final = {
    "account_holder": gettext_lazy("Account holder"),
    "iban": "IBAN",
    "bic": "BIC",
    "bank_name": gettext_lazy("Bank"),
    "reference": gettext_lazy("Reference"),
    "amount": gettext_lazy("Amount"),
    "network": gettext_lazy("Network"),
    "rate": gettext_lazy("Rate"),
}
_LIVE: Final = (Payment.State.SENDING, Payment.State.PENDING, Payment.State.PROCESSING)


def qr_code(text: str) -> SafeString:
    """A text as a QR code, to stand inside a page: an SVG without declaration and style."""
    buffer = BytesIO()
    qrcode.make(text, image_factory=SvgPathImage, border=2).save(buffer)
    drawn = buffer.getvalue().decode().partition("?>")[2].strip()
    return SafeString(drawn)  # drawn here: paths of squares, no text of anybody's  # nosec B703


def safe_link(url: str, is_simulated: bool) -> str:
    """The address if a browser may be sent there, else nothing."""
    scheme = urlsplit(url).scheme.lower()
    return url if scheme in _SCHEMES or (is_simulated and scheme == "http") else ""


@page("payments.make_payment", post="payments.make_payment")
def pay(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """The payment with its next step; POST has the provider begin it."""
    if request.method != "POST":
        return _answer(request, queries.own_payment(actor_of(request), payment_id))
    problem = ""
    try:
        commands.pay(actor=actor_of(request), payment_id=payment_id)
    except UnavailableError as error:
        problem = error.message
    if request.headers.get("HX-Request") == "true" or problem:
        return _answer(request, queries.own_payment(actor_of(request), payment_id), problem)
    return redirect("pay:pay", payment_id)


@page("payments.make_payment")
def state(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """The part of the page that changes, for its own questions."""
    return _answer(request, queries.own_payment(actor_of(request), payment_id))


@page("payments.make_payment", post="payments.make_payment")
def cancel(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Give it up."""
    if request.method == "POST":
        commands.give_up(actor=actor_of(request), payment_id=payment_id)
        add_toast(request, _("Cancelled."))
    else:
        queries.own_payment(actor_of(request), payment_id)
    return redirect("pay:pay", payment_id)


@page("payments.make_payment", post="payments.make_payment")
def again(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Another attempt, on a page of its own."""
    if request.method != "POST":
        queries.own_payment(actor_of(request), payment_id)
        return redirect("pay:pay", payment_id)
    try:
        made = commands.try_again(actor=actor_of(request), payment_id=payment_id)
    except ConflictError as error:
        add_toast(request, error.message, "error")
        return redirect("pay:pay", payment_id)
    return redirect("pay:pay", made.pk)


def _answer(request: HttpRequest, payment: Payment, problem: str = "") -> HttpResponse:
    link = safe_link(payment.action_url, payment.is_simulated)
    shown = payment.action_kind if payment.state == Payment.State.PENDING else ""
    scanned = payment.action_url or payment.action_address
    context: dict[str, Any] = {
        "frame": frame(),
        "breadcrumbs": [(_("Payment"), "")],
        "payment": payment,
        "action": shown,
        "link": link,
        "qr": qr_code(scanned) if shown in ("qr", "address") and scanned else "",
        "details": [(_LABELS.get(name, name), text) for name, text in payment.action_details.items()],
        "number": rules.in_groups(payment.label),
        "is_live": payment.state in _LIVE,
        "is_new": payment.state == Payment.State.CREATED and not problem,
        "may_repeat": payment.state in rules.REPEATABLE and payment.purpose != Purpose.DEPOSIT,
        "may_give_up": payment.state in (Payment.State.CREATED, Payment.State.PENDING),
        "problem": problem,
    }
    whole = request.headers.get("HX-Request") != "true"
    return render(request, "payments/pay.html" if whole else "payments/_pay.html", context)
