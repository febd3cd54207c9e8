"""Helping somebody who lost the device and the recovery codes."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.factors import gate, queries
from shared_apps.factors.events import FactorRemoved, FactorsReset
from shared_apps.users.events import EmailChangeUndone
from shared_apps.users.hosts import Client
from shared_apps.users.models import User
from shared_apps.users.services.api_tokens import revoke_api_tokens_of
from shared_apps.users.services.notices import Notice, tell
from shared_apps.users.services.sessions import end_sessions_of
from shared_apps.users.units import identity_unit

_REASON_LENGTH = 255


def reset_factors(*, actor: Actor, user_id: int, reason: str, client: Client) -> None:
    """Take away all factors of a person, whose identity the actor has checked by other means.

    All their sessions and API tokens end, and they are told by mail; the password alone logs them in
    afterwards. Raises StepUpRequired, DomainError naming ``reason``, ForbiddenError for oneself,
    NotFoundError for an unknown person or one without factors.
    """
    require(actor, "factors.reset_factor")
    require_recent(actor)
    reason = reason.strip()
    if not reason or len(reason) > _REASON_LENGTH or not reason.isprintable():
        raise DomainError("factor.reason", _("Say in one line how you know that it is them."), field="reason")
    if user_id == actor.user_id:
        raise ForbiddenError("factor.own_reset", _("Nobody resets their own factors."))
    with identity_unit("factors.reset_factors"):
        user: User | None = User.objects.select_for_update(of=("self",)).filter(pk=user_id).first()
        rows = queries.authenticators(user_id).select_for_update(of=("self",))
        if user is None or not list(rows):
            raise NotFoundError("factor.not_found", _("There is no such factor."))
        queries.authenticators(user_id).delete()
        gate.forget(user_id)
        end_sessions_of(user, reason="factors_reset", tenant=None)
        revoke_api_tokens_of(user_id=user_id, reason="factors_reset", tenant=None)
        emit(FactorsReset(user_id=user_id, reason=reason))
        tell(
            user_id,
            Notice.SECURITY_CHANGED,
            origin=client.origin,
            tenant=None,
            what="factors_reset",
            label="",
        )


def remove_later_factors(event: EmailChangeUndone) -> None:
    """Subscriber: whoever changed the address may have added factors; those since then open nothing more.

    Recovery codes go too where they were made since then, or stand in for no factor any more.
    """
    with platform_context():
        later = queries.authenticators(event.user_id).filter(created_at__gte=event.changed_at)
        gone = [row.type for row in later.select_for_update(of=("self",))]
        later.delete()
        rows = queries.authenticators(event.user_id)
        if not rows.exclude(type=queries.Type.RECOVERY_CODES).exists():
            rows.delete()
        gate.forget(event.user_id)
    for method in gone:
        emit(FactorRemoved(user_id=event.user_id, method=method, label=""))
