"""The e-mails of subscriptions: one text template each, first line the subject (core.letters)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from shared_apps.core import letters
from shared_apps.core.context import platform_context
from shared_apps.core.letters import Letterhead
from shared_apps.core.money import MINOR_DIGITS
from shared_apps.tenants.models import Domain, Tenant
from shared_apps.users.mails import Place, language_for
from shared_apps.users.models import User

from .owners import owners_of

LETTERS: Final = ("payment_due", "payment_failed", "read_only", "suspended", "canceled", "meter")


def send(letter: str, *, tenant_id: int, user_id: int | None, details: dict[str, Any]) -> None:
    """Send one letter to each reader, in their language. Raises KeyError for an unknown letter."""
    if letter not in LETTERS:
        raise KeyError(letter)
    with platform_context():
        tenant: Tenant = Tenant.objects.get(pk=tenant_id)
        wanted = owners_of(tenant) if user_id is None else [user_id]
        readers = list(User.objects.filter(pk__in=wanted, is_active=True).order_by("pk"))
        host = Domain.objects.filter(tenant=tenant, is_primary=True).values_list("domain", flat=True).first()
    is_theirs = user_id is not None
    schema = tenant.schema_name if is_theirs else None
    # An organisation pays on the platform's host: its own may be closed.
    place = Place(
        origin=letters.origin_of(str(host) if is_theirs else settings.BASE_DOMAIN),
        schema=schema,
        tenant_name=tenant.name if is_theirs else "",
    )
    addresses: list[tuple[User | None, str]] = [(reader, reader.email) for reader in readers]
    if not addresses and not is_theirs and tenant.email:
        addresses = [(None, tenant.email)]
    query = "" if is_theirs else f"?organisation={tenant.uuid}"
    for reader, address in addresses:
        with translation.override(language_for(reader, "", place)):
            context = {
                "place": place,
                "tenant": tenant,
                "user": reader,
                "link": f"{place.origin}/subscription/{query}",
                **_shown(details),
            }
            text = render_to_string(f"subscriptions/mail/{letter}.txt", context)
            letters.send(text, address, Letterhead(place.name, schema, place.origin))


def _shown(details: dict[str, Any]) -> dict[str, Any]:
    shown = dict(details)
    if shown.get("due_at"):
        shown["due_at"] = datetime.fromisoformat(shown["due_at"])
    if shown.get("amount") is not None and (currency := shown.get("currency")):
        amount = Decimal(shown["amount"]).scaleb(-MINOR_DIGITS[currency])
        shown["amount"] = f"{amount:.{MINOR_DIGITS[currency]}f} {currency}"
    return shown
