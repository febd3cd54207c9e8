"""Log-in by an organisation's identity provider in a real browser: away, and back into the page one wanted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from shared_apps.core.context import audit_context, platform_context
from shared_apps.sso.models import IdentityProvider
from shared_apps.sso.sealing import seal_secret
from shared_apps.tenants.models import Domain, Tenant
from tests.browser.conftest import Watched
from tests.sso.provider import Provider, running_provider

pytestmark = [pytest.mark.browser, pytest.mark.req("F26")]
TENANT = "acme.localhost"


def name_provider(provider: Provider) -> None:
    with platform_context(), audit_context(actor_label="test"), transaction.atomic():
        acme = Tenant.objects.get(slug="acme")
        Domain.objects.create(tenant=acme, domain="acme.example.com", is_primary=False)
        IdentityProvider.objects.create(
            tenant=acme, name="Acme ID", issuer=provider.issuer, client_id=provider.client_id,
            client_secret=seal_secret(provider.client_secret, acme.pk),
        )  # fmt: skip


def test_to_the_provider_and_back(window: Callable[..., Watched]) -> None:
    watched = window(TENANT, width=390)
    page = watched.page
    with running_provider() as provider:
        provider.redirect_uris.add(f"{watched.origin}/login/sso/callback/")
        name_provider(provider)
        page.goto(f"{watched.origin}/todos/")
        page.get_by_role("link", name="Log in with Acme ID").wait_for()
        watched.shoot("login-sso-390")
        found = [*watched.complaints, *watched.axe()]
        page.get_by_role("link", name="Log in with Acme ID").click()
        page.wait_for_url(f"{watched.origin}/todos/")
        page.get_by_role("heading", name="To-dos").wait_for()
        assert provider.complaints == [] and provider.asked.count("/token") == 1

        # An answer that does not hold brings the person back to the log-in with a reason.
        page.context.clear_cookies()
        provider.claims = {"email_verified": False, "sub": "somebody-else"}
        watched.open("/login/")
        page.get_by_role("link", name="Log in with Acme ID").click()
        page.get_by_text("has not confirmed your e-mail address").wait_for()
        assert page.url.startswith(f"{watched.origin}/login/?next=")
    assert found == [] and watched.complaints == []
