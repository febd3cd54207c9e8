"""Somebody lost the device and the recovery codes: the staff help, and everything is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from audit.models import AuditLog
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import ApiToken, Session, User
from tests.factors.devices import enrol_totp
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
pytestmark = pytest.mark.req("F25")


def test_a_superadmin_takes_them_away_with_a_reason(
    acme: Tenant, api: MakeApi, person: Callable[[str], User], send_mails: Callable[[], Any]
) -> None:
    lost, user = api("acme", "trader"), person("trader@acme")
    enrol_totp(lost)
    lost.post("auth/api-tokens/", {"name": "x", "scopes": ["todos:read"]})
    send_mails()
    superadmin = api(None, "superadmin")
    path = f"users/{user.pk}/reset-factors/"
    assert superadmin.post(path, {"reason": "  "}).status_code == 400
    assert Authenticator.objects.filter(user=user).count() == 2
    assert superadmin.post(path, {"reason": "Showed her passport"}).status_code == 204
    assert not Authenticator.objects.filter(user=user).exists()
    assert lost.get("auth/user/").status_code == 401
    assert not ApiToken.objects.filter(user=user, revoked_at=None).exists()
    event = AuditLog.objects.get(action="factors.factors_reset")
    assert (event.target_id, event.details["reason"]) == (user.pk, "Showed her passport")
    (mail,) = [mail for mail in send_mails() if "took away your second factors" in mail.body]
    assert mail.to == [user.email]
    assert api("acme").log_in(user.email).status_code == 200, "the password alone, until a new one is set up"
    assert superadmin.post(path, {"reason": "again"}).status_code == 404


def test_nobody_helps_themselves_and_everybody_proves_who_they_are(
    acme: Tenant, api: MakeApi, person: Callable[[str], User]
) -> None:
    superadmin, victim = api(None, "superadmin"), person("trader@acme")
    enrol_totp(superadmin)
    enrol_totp(api("acme", "trader"))
    own = superadmin.post(f"users/{person('superadmin').pk}/reset-factors/", {"reason": "I am me"})
    assert own.status_code == 403 and own.json()["code"] == "factor.own_reset"
    Session.objects.update(verified_at=timezone.now() - timedelta(minutes=6))
    late = superadmin.post(f"users/{victim.pk}/reset-factors/", {"reason": "x"})
    assert late.status_code == 403 and late.json()["code"] == "step_up_required"
    assert Authenticator.objects.count() == 4
