"""The leak drill's attack on routes: a living token of one tenant shown at every API address of another."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from uuid import uuid4

from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from django.http import HttpResponseBase
from django.test import RequestFactory
from django.utils import timezone

from shared_apps.access.routes import Host, Kind, Route, all_routes
from shared_apps.core.context import audit_context, platform_context
from shared_apps.users.models import Session, User
from shared_apps.users.tokens import AccessToken, tenant_claim

from . import hosts
from .models import Domain, Tenant

#: Answers of addresses that anybody may read, with or without a token; they hold nothing of a tenant's.
_OPEN = {"/api/schema/", "/swagger/"}
_PARAMETER = re.compile(r"\{(\w+)\}")


def api_routes() -> list[Route]:
    """The GET addresses of the API on a tenant's host that ask who is there."""
    return [
        route
        for route in all_routes()
        if (route.host, route.kind, route.method) == (Host.TENANT, Kind.API, "GET")
        and route.path not in _OPEN
    ]


def _get(handler: WSGIHandler, host: str, path: str, token: str) -> HttpResponseBase:
    request = RequestFactory().get(path, headers={"host": host, "authorization": f"Bearer {token}"})
    return handler.get_response(request)


def attack_routes(attacker: Tenant, victim: Tenant) -> tuple[int, list[str]]:
    """Open a session of a member of ``attacker`` for a moment and show its token to ``victim``.

    Every address must answer 401. On its own host the token must be good, or the attack proves nothing.
    """
    with platform_context():
        user = User.objects.filter(
            memberships__tenant=attacker, memberships__is_active=True, is_active=True
        ).first()
        names = dict(Domain.objects.filter(tenant__in=[attacker, victim]).values_list("tenant_id", "domain"))
    if user is None or len(names) < 2:
        return 0, []
    hosts.forget()
    with platform_context(), audit_context(actor_label="tenants.leak_drill"):
        with transaction.atomic():
            session = Session.objects.create(
                user=user, tenant=attacker, kind=Session.Kind.API, user_agent="leak drill",
                expires_at=timezone.now() + timedelta(minutes=5),
            )  # fmt: skip
        token = str(AccessToken.for_session(session, tenant_claim(attacker)))
        logging.disable(logging.ERROR)  # the refusals are the drill's own result, not the log's news
        try:
            return _show_everywhere(token, names[attacker.pk], names[victim.pk], attacker, victim)
        finally:
            logging.disable(logging.NOTSET)
            with transaction.atomic():
                session.delete()


def _show_everywhere(
    token: str, own: str, foreign: str, attacker: Tenant, victim: Tenant
) -> tuple[int, list[str]]:
    handler, leaks, attempts = WSGIHandler(), [], 1
    if _get(handler, own, "/api/v1/auth/user/", token).status_code != 200:
        leaks.append(f"the drill's own token is not accepted at {attacker.slug}: its attacks prove nothing")
    for route in api_routes():
        attempts += 1
        path = _PARAMETER.sub(lambda _match: str(uuid4()), route.path)
        status = _get(handler, foreign, path, token).status_code
        if status != 401:
            leaks.append(f"{victim.slug} answered {status} to {attacker.slug}'s token at {route.path}")
    return attempts, leaks
