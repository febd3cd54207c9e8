"""Reads about people and sessions, all in the platform role."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.errors import NotFoundError

from .hosts import HostTenant, id_of
from .models import ApiToken, Session, User


def belongs_to(user_id: int, tenant_id: int) -> bool:
    """Whether a person is an active member of a tenant, by the directory."""
    memberships = User._meta.get_field("memberships").related_model._default_manager
    found: bool = memberships.filter(user_id=user_id, tenant_id=tenant_id, is_active=True).exists()
    return found


def own_profile(actor: Actor) -> User:
    """The actor's own user with the home tenant; to be read in the platform role."""
    rows = User.objects.select_related("tenant").defer("password")
    user: User | None = rows.filter(pk=own_profile_id(actor)).first()
    if user is None:
        raise NotFoundError("user.not_found", _("There is no such user."))
    return user


def own_profile_id(actor: Actor) -> int:
    """The actor's user id. Raises NotFoundError for who is no person."""
    if actor.user_id is None:
        raise NotFoundError("user.not_found", _("There is no such user."))
    return actor.user_id


def own_sessions(actor: Actor, tenant: HostTenant | None) -> QuerySet[Session]:
    """The actor's live sessions: on a tenant's host those opened there, on the platform's host all."""
    rows = Session.objects.filter(
        user_id=own_profile_id(actor), revoked_at=None, expires_at__gt=timezone.now()
    )
    return rows if tenant is None else rows.filter(tenant_id=tenant.pk)


def push_tokens(user_id: int, tenant: HostTenant | None) -> list[str]:
    """Where a person's push messages go: the tokens of their live sessions on a host (S2-58)."""
    rows = Session.objects.filter(user_id=user_id, revoked_at=None, expires_at__gt=timezone.now())
    rows = rows.filter(tenant_id=id_of(tenant)).exclude(push_token="")
    return list(rows.values_list("push_token", flat=True))


def visible_users(actor: Actor) -> QuerySet[User]:
    """All people of the platform, for its staff and auditors. Raises ForbiddenError for anybody else."""
    require(actor, "users.view_user")
    return User.objects.select_related("tenant").defer("password")


def emails_of_active(emails: Iterable[str], tenant_id: int | None) -> list[str]:
    """Which of these addresses belong to active people, of a tenant where one is given."""
    users = User.objects.filter(email__in=list(emails), is_active=True)
    if tenant_id is not None:
        users = users.filter(memberships__tenant_id=tenant_id, memberships__is_active=True)
    return list(users.values_list("email", flat=True))


def own_api_tokens(actor: Actor, tenant: HostTenant | None) -> QuerySet[ApiToken]:
    """The actor's tokens that were not revoked: on a tenant's host those for it, on the platform's all."""
    rows = ApiToken.objects.filter(user_id=own_profile_id(actor), revoked_at=None)
    return rows if tenant is None else rows.filter(tenant_id=tenant.pk)


def account_type_of(user_id: int) -> str:
    """For whom a person acts: ``particulier`` or ``professionnel``; empty where there is nobody."""
    return User.objects.filter(pk=user_id).values_list("account_type", flat=True).first() or ""
