"""Checking a password, with the membership check inside: no door can forget it.

dj-rest-auth, the pages and the admin all call Django's ``authenticate()``, which asks this backend. On a
tenant's host a person who is no active member is refused like one who does not exist.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Exists, OuterRef, Q, Value
from django.http import HttpRequest

from shared_apps.core.context import platform_context

from .hosts import HostTenant, host_tenant
from .models import User
from .units import identity_unit


class MemberBackend(ModelBackend):
    """User name or e-mail with password. Who is unknown, inactive or no member costs the same time."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None,
        email: str | None = None, **_credentials: Any,
    ) -> User | None:  # fmt: skip
        """The person, or None. Never says why not; needs the request for its host."""
        identifier = email or username
        if request is None or not identifier or password is None:
            return None
        with platform_context():
            user = _find(identifier, host_tenant(request))
            if user is None:
                make_password(password)  # the work that a known user's password would have cost
                return None
            correct = check_password(password, user.password, setter=lambda raw: _rehash(user, raw))
        return user if correct and user.is_active and user.belongs_here else None  # type: ignore[attr-defined]

    def get_user(self, user_id: int) -> User | None:
        with platform_context():
            return User.objects.filter(pk=user_id, is_active=True).first()


def _find(identifier: str, tenant: HostTenant | None) -> User | None:
    """The user with that e-mail or else that user name, annotated with ``belongs_here``."""
    users = User.objects.filter(Q(email=identifier.lower()) | Q(username=identifier))
    if tenant is None:
        users = users.annotate(belongs_here=Value(True))
    else:
        memberships = User._meta.get_field("memberships").related_model._default_manager
        mine = memberships.filter(user_id=OuterRef("pk"), tenant_id=tenant.pk, is_active=True)
        users = users.annotate(belongs_here=Exists(mine))
    # A name that looks like somebody else's e-mail must not stand in that person's way.
    return min(users, key=lambda user: user.email != identifier.lower(), default=None)


def _rehash(user: User, password: str) -> None:
    """Store the hash of a correct password anew where the hashers have moved on, unless it changed."""
    renewed = make_password(password)
    with identity_unit("auth.rehash_password", user=user):
        if User.objects.filter(pk=user.pk, password=user.password).update(password=renewed):
            user.password = renewed
