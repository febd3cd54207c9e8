"""The trader of the benchmarks, with a token for each tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from bench.seed import TRADER


@dataclass(frozen=True)
class Seat:
    """The trader in one tenant."""

    host: str
    schema: str
    member_id: UUID
    token: str
    key: bytes

    def request(self, path: str) -> bytes:
        """A GET of the API, ready to be sent."""
        return (
            f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {self.token}\r\n"
            "Accept: application/json\r\nX-Forwarded-Proto: https\r\nConnection: keep-alive\r\n\r\n"
        ).encode()


def seats() -> list[Seat]:
    """One for each tenant of the database that this process is on."""
    from django.db import transaction
    from django.utils import timezone

    from shared_apps.core.context import audit_context, tenant_context
    from shared_apps.core.signing import derived_keys
    from shared_apps.tenants.models import Tenant
    from shared_apps.users.models import Session, User
    from shared_apps.users.tokens import AccessToken, tenant_claim
    from tenant_apps.members.models import Member

    trader = User.objects.get(email=TRADER)
    found = []
    with audit_context(actor_label="bench"), transaction.atomic():
        for tenant in Tenant.objects.order_by("id"):
            now = timezone.now()
            session = Session.objects.create(
                user=trader, tenant=tenant, kind=Session.Kind.API, expires_at=now + timedelta(days=1)
            )
            with tenant_context(tenant):
                member_id = Member.objects.get(user_id=trader.pk).pk
            claim = tenant_claim(tenant)
            found.append(
                Seat(
                    host=f"{tenant.slug}.localhost",
                    schema=tenant.schema_name,
                    member_id=member_id,
                    token=str(AccessToken.for_session(session, claim)),
                    key=derived_keys("jwt", claim)[0],
                )
            )
    return found
