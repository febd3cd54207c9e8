"""Which device gets push messages: a push token belongs to one session (S2-48, S2-57, S2-58)."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.core.errors import ForbiddenError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.users import queries
from shared_apps.users.events import DeviceForgotten, DeviceRegistered
from shared_apps.users.hosts import HostTenant, inside
from shared_apps.users.models import Session
from shared_apps.users.units import identity_unit


def register_device(*, actor: Actor, push_token: str, device_name: str, tenant: HostTenant | None) -> Session:
    """Give the actor's session a push token. A token is one device's: whoever had it before loses it.

    Raises ForbiddenError where the actor uses no session (a personal API token).
    """
    if actor.session_id is None:
        raise ForbiddenError("auth.no_session", _("A session is needed for this."))
    with identity_unit("users.register_device"):
        session = _lock_own(actor, actor.session_id, tenant)
        for other in Session.objects.filter(push_token=push_token).exclude(pk=session.pk).order_by("pk"):
            other.push_token = ""
            other.save(update_fields=["push_token"])
        session.push_token, session.device_name = push_token, device_name or session.device_name
        session.save(update_fields=["push_token", "device_name"])
        with inside(tenant):
            emit(DeviceRegistered(user_id=session.user_id, session_id=session.pk))
    return session


def forget_device(*, actor: Actor, session_id: UUID, tenant: HostTenant | None) -> None:
    """Take the push token from one of the actor's sessions. Raises NotFoundError where there is none."""
    with identity_unit("users.forget_device"):
        session = _lock_own(actor, session_id, tenant)
        if not session.push_token:
            raise _none()
        session.push_token = ""
        session.save(update_fields=["push_token"])
        with inside(tenant):
            emit(DeviceForgotten(user_id=session.user_id, session_id=session.pk))


def _lock_own(actor: Actor, session_id: UUID, tenant: HostTenant | None) -> Session:
    rows = queries.own_sessions(actor, tenant).filter(pk=session_id)
    session: Session | None = rows.select_for_update(of=("self",)).first()
    if session is None:
        raise _none()
    return session


def _none() -> NotFoundError:
    return NotFoundError("device.not_found", _("There is no such device."))
