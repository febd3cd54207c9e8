"""What a subscription opens, for the apps above. Reads only; where a tenant asks for none (the default) it
costs one look at an option."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.core.context import SchemaRef, platform_context
from shared_apps.core.errors import ForbiddenError

from . import facts, options, queries
from .models import Subscription, SubscriptionInfo
from .rules import states
from .rules.states import AccessState, Action, Facts, Ladder, Status


@dataclass(frozen=True, slots=True)
class Access:
    """How somebody stands. ``until``: when that changes by the clock alone. ``entitlements`` None: all."""

    state: Status
    access_state: AccessState
    until: datetime | None
    entitlements: frozenset[str] | None
    facts: Facts
    ladder: Ladder

    def may(self, action: Action, now: datetime) -> bool:
        """Whether it opens something at a moment."""
        return states.may(action, self.facts, self.entitlements, now, self.ladder)


def access_of(tenant: SchemaRef, user_id: int | None, now: datetime | None = None) -> Access:
    """How a person stands in a tenant, or (``user_id`` None) the tenant with the platform."""
    moment = now or timezone.now()
    with platform_context():
        info = queries.find_info(tenant, user_id)
        if info is None:
            info = SubscriptionInfo(user_id=user_id)
            contract, ladder = None, Ladder()
        else:
            contract = queries.open_contract(info)
            ladder = facts.ladder_of(facts.seller_schema(info))
    return _access(info, contract, ladder, moment)


def _access(info: SubscriptionInfo, contract: Subscription | None, ladder: Ladder, now: datetime) -> Access:
    known = facts.facts_of(info, contract)
    begun = contract is not None and facts.has_begun(contract)
    entitlements = frozenset(contract.version.terms["entitlements"]) if begun and contract else None
    return Access(
        state=states.state_at(known, now, ladder),
        access_state=states.access_at(known, now, ladder),
        until=states.next_moment(known, now, ladder),
        entitlements=entitlements,
        facts=known,
        ladder=ladder,
    )


def require_access(actor: Actor, action: str) -> None:
    """Raise ForbiddenError ``subscription.required`` where the actor's subscription does not open ``action``
    (``connect``, ``trade``, ``bots``) and the tenant asks for one. Parts of the system pass."""
    if (
        actor.is_system
        or actor.user_id is None
        or not options.REQUIRED_TO_TRADE.value_for(actor.tenant_schema)
    ):
        return
    require_for_user(_Ref(actor.tenant_schema), actor.user_id, action)


def require_for_user(tenant: SchemaRef, user_id: int, action: str) -> None:
    """The same for a person who is not asking now (the owner of a shared account)."""
    if not options.REQUIRED_TO_TRADE.value_for(tenant.schema_name):
        return
    now = timezone.now()
    access = access_of(tenant, user_id, now)
    if access.may(Action(action), now):
        return
    raise ForbiddenError(
        "subscription.required",
        _what_to_do(access, Action(action), now),
        details={"access_state": access.access_state, "state": access.state, "page": "/subscription/"},
    )


@dataclass(frozen=True, slots=True)
class _Ref:
    schema_name: str


def _what_to_do(access: Access, action: Action, now: datetime) -> str:
    if access.facts.is_paused(now):
        return _("Your subscription is paused. Let it go on to do this.")
    if access.access_state is AccessState.INACTIVE:
        return _("Your subscription is not active yet: connect a trading account first.")
    if access.access_state is AccessState.EXPIRED:
        return _("Your subscription has expired. Pay for it to go on.")
    return _("Your plan does not include this. Choose another plan.")
