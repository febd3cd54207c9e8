"""Calling a person: notifications that were given up show in the health report and reach the superadmins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min
from django.template.loader import render_to_string
from django.utils import timezone, translation

from billing.payments.models import WebhookDelivery
from shared_apps.core import letters
from shared_apps.core.context import platform_context
from shared_apps.core.health import Unhealthy
from shared_apps.core.letters import Letterhead
from shared_apps.users.models import Role, User

State = WebhookDelivery.State


def check_inbox() -> dict[str, Any]:
    """How many notifications wait and for how long; Unhealthy while given-up ones wait for a person."""
    with platform_context():
        rows = WebhookDelivery.objects.filter(state__in=(State.WAITING, State.DEAD)).order_by()
        counted = rows.values_list("state").annotate(number=Count("pk"), oldest=Min("received_at"))
        found = {state: (number, oldest) for state, number, oldest in counted}
    waiting, oldest = found.get(State.WAITING, (0, None))
    dead, _since = found.get(State.DEAD, (0, None))
    if dead:
        raise Unhealthy(f"{dead} notifications of payment providers were given up")
    age = int((timezone.now() - oldest).total_seconds()) if oldest else 0
    return {"waiting": waiting, "oldest_seconds": age}


def tell_dead_letter(delivery_id: UUID) -> None:
    """Write to every superadmin, in the language of each."""
    with platform_context():
        delivery = WebhookDelivery.objects.filter(pk=delivery_id, state=State.DEAD).first()
        people = list(User.objects.filter(role=Role.SUPERADMIN, is_active=True).order_by("pk"))
    if delivery is None:
        return
    head = Letterhead("Tradehall", None, letters.origin_of(settings.BASE_DOMAIN))
    link = f"{head.origin}/admin/payments/webhookdelivery/{delivery.pk}/change/"
    for person in people:
        with translation.override(person.language or settings.LANGUAGE_CODE):
            text = render_to_string("payments/mail/dead_letter.txt", {"delivery": delivery, "link": link})
            letters.send(text, person.email, head)
