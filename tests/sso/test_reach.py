"""How far an organisation's own identity provider reaches: into its house and no further."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.db import transaction

from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import Session, User
from tenant_apps.members.models import Member
from tests.sso.provider import Provider
from tests.sso.test_sso import _put, api, go, provider
from tests.support.pages import visitor

__all__ = ["_put", "api", "provider"]
pytestmark = pytest.mark.req("F26", "F28")


@pytest.fixture
def trader(acme: Tenant, globex: Tenant, person: Callable[[str], User]) -> User:
    """Acme's trader, who is a member of globex too."""
    user = person("trader@acme")
    with transaction.atomic():
        Membership.objects.create(user=user, tenant=globex)
        with tenant_context(globex):
            Member.objects.create(user_id=user.pk, name=user.display_name, email=user.email)
    return user


def test_it_opens_no_other_organisation_before_an_own_proof(
    provider: Provider, trader: User, acme: Tenant, globex: Tenant, password: str
) -> None:
    here, there = visitor("acme"), visitor("globex")
    assert go(here)["Location"] == "/members/"
    asked = urlsplit(there.get(f"/enter/?from={acme.uuid}")["Location"])
    way = f"{asked.path}?{asked.query}"
    sent = here.get(way)
    assert sent.status_code == 302 and sent["Location"].startswith("/security/confirm/?next=")
    by_api = f"/api/v1/organisations/{globex.uuid}/hand-over/"
    refused = here.post(by_api, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    proved = here.post("/security/confirm/", {"step_up_next": way, "step_up_password": password})
    assert (proved.status_code, proved["Location"]) == (302, way)
    token = urlsplit(here.get(way)["Location"])
    assert token.netloc == "globex.localhost"
    assert there.get(f"{token.path}?{token.query}")["Location"] == "/"
    assert Session.objects.filter(user=trader, tenant=globex, revoked_at=None).count() == 1


@pytest.mark.req("F25")
def test_it_is_no_proof_for_what_concerns_the_account(provider: Provider, trader: User) -> None:
    client = visitor("acme")
    go(client)
    assert Session.objects.get(user=trader, revoked_at=None).verified_at is None
    asked = client.post("/account/erase/", {"email": trader.email})
    assert asked.status_code == 200 and b"step_up_password" in asked.content
    assert client.get("/security/totp/").status_code == 302
    trader.refresh_from_db()
    assert trader.is_active and trader.email == "trader@acme.example.com"
