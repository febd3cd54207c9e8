"""Transactions in the platform's admin (S2-30): own payments, the inbox with replay, journal, totals."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from shared_apps.access.pages import actor_of
from shared_apps.console.model_admin import ReadOnlyAdmin
from shared_apps.core.errors import DomainError

from . import queries
from .models import Payment, PaymentLog, WebhookDelivery
from .services import deliveries

_STATES = {
    "succeeded": "success",
    "done": "success",
    "failed": "danger",
    "dead": "danger",
    "refused": "warning",
    "waiting": "info",
    "pending": "info",
    "processing": "info",
}
_DAYS = 30


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """Payments to the platform's own accounts; of tenants' payments there are totals."""

    access = {"view": "payments.view_payment", "figures": "payments.view_figures"}
    list_display = ("label", "tenant", "shown_money", "shown_state", "provider", "is_simulated", "created_at")
    list_filter = ("state", "purpose", "provider", "currency", "is_disputed", "problem", "is_simulated")
    list_select_related = ("tenant",)
    search_fields = ("label", "reference", "provider_reference", "tenant__name")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    exclude = ("action_secret", "attempt_key", "key")
    actions_list = ("totals",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        """Nobody else's."""
        rows: QuerySet[Payment] = super().get_queryset(request).filter(configuration__tenant__isnull=True)
        return rows

    @display(description=gettext_lazy("Amount"), ordering="minor_units")
    def shown_money(self, payment: Payment) -> str:
        """With its currency."""
        return str(payment.money)

    @display(description=gettext_lazy("State"), ordering="state", label=_STATES)
    def shown_state(self, payment: Payment) -> tuple[str, str]:
        """With its colour."""
        return payment.state, payment.get_state_display()

    @action(description=gettext_lazy("Totals by day"), url_path="totals", icon="bar_chart")
    def totals(self, request: HttpRequest) -> HttpResponse:
        """Every organisation's figures of the last 30 days."""
        if not self._may(request, "figures"):
            return redirect("admin:payments_payment_changelist")
        until = timezone.now().date()
        found = queries.figures(actor_of(request), since=until - timedelta(days=_DAYS - 1), until=until)
        context = self.admin_site.each_context(request) | {
            "title": _("Payments by day"),
            "figures": found,
            "opts": self.opts,
            "back": reverse("admin:payments_payment_changelist"),
        }
        return render(request, "admin/payment_figures.html", context)


@admin.register(PaymentLog)
class PaymentLogAdmin(ReadOnlyAdmin):
    """The journal of the platform's own payments (F49)."""

    access = {"view": "payments.view_payment"}
    list_display = ("created_at", "payment", "object_kind", "what", "from_state", "to_state", "source")
    list_filter = ("source", "object_kind", "what")
    list_select_related = ("payment",)
    search_fields = ("payment__label", "object_id", "payload_hash")
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentLog]:
        """As of payments."""
        rows: QuerySet[PaymentLog] = super().get_queryset(request).filter(configuration__tenant__isnull=True)
        return rows


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """The inbox: what providers told, what became of it; what was given up is tried again from here."""

    access = {"view": "payments.view_delivery", "replay": "payments.replay_delivery"}
    list_display = (
        "received_at", "provider", "event_type", "object_id", "shown_state", "signature", "attempts",
        "repeats", "tenant",
    )  # fmt: skip
    list_filter = ("state", "provider", "signature", "object_kind")
    list_select_related = ("tenant",)
    search_fields = ("event_id", "object_id", "payload_hash", "last_error")
    ordering = ("-received_at",)
    actions_detail = ("replay",)

    @display(description=gettext_lazy("State"), ordering="state", label=_STATES)
    def shown_state(self, delivery: WebhookDelivery) -> tuple[str, str]:
        """With its colour."""
        return delivery.state, delivery.get_state_display()

    @action(description=gettext_lazy("Replay"), url_path="replay", icon="replay")
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask first; then have it worked off again."""
        delivery = self.get_object(request, str(object_id))
        if delivery is None or not self._may(request, "replay"):
            return redirect("admin:payments_webhookdelivery_changelist")
        if request.method == "POST":
            try:
                deliveries.replay(actor=actor_of(request), delivery_id=delivery.pk)
            except DomainError as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                self.message_user(request, _("It is tried again."), messages.SUCCESS)
            return redirect("admin:payments_webhookdelivery_change", delivery.pk)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "POST"])
        context = self.admin_site.each_context(request) | {
            "title": _("Replay this notification?"),
            "delivery": delivery,
            "journal": deliveries.journal_of(delivery),
            "opts": self.opts,
            "back": reverse("admin:payments_webhookdelivery_change", args=[delivery.pk]),
        }
        return render(request, "admin/delivery_replay.html", context)
