"""Members as they are: added, given capabilities, shut out and let in again.

Commands open their own durable transaction; ``add_member`` is a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor, forget_actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core.context import PUBLIC, current_schema, platform_context
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.core.events import emit
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users import principals
from shared_apps.users.models import User
from shared_apps.users.services.sessions import end_sessions_in
from tenant_apps.members import queries, rules
from tenant_apps.members.capabilities import missing_for
from tenant_apps.members.events import ActivationChanged, MemberAdded, RoleChanged
from tenant_apps.members.models import Capability, Member


def add_member(*, actor: Actor, user: User, capabilities: Sequence[str] = ()) -> Member:
    """Step: give a person their row in the tenant we are in; the existing one if there is one.

    An existing row is left as it is: joining again neither reactivates nor promotes.
    """
    refuse_outside_transaction()
    if current_schema() == PUBLIC:
        raise RuntimeError("members live in tenants, and we are in none")
    member, created = Member.objects.get_or_create(
        user_id=user.pk,
        defaults={
            "name": user.display_name,
            "email": user.email,
            "capabilities": in_order(capabilities),
        },
    )
    if created:
        emit(MemberAdded(member_id=member.pk, user_id=user.pk, capabilities=member.capabilities))
        forget(user.pk)
    return member


@transaction.atomic(durable=True)
def change_capabilities(*, actor: Actor, member_id: UUID, capabilities: Iterable[str]) -> Member:
    """Set what a member may do. What waits for a prerequisite and is named again goes on waiting, what is
    not named is taken.

    Raises StepUpRequired, ForbiddenError ``member.owner_by_owner`` where only an owner may act, DomainError
    ``member.last_owner`` and ``member.prerequisite_missing`` (field ``capabilities``).
    """
    require(actor, "members.change_capabilities")
    require_recent(actor)
    owners = lock_owners()
    member = queries.get_member(actor, member_id, "members.change_capabilities", for_update=True)
    before, after = list(member.capabilities), in_order(capabilities)
    decided = [*before, *member.waiting_capabilities]
    _refuse_owner_by_others(actor, member, rules.ungrantable(actor.capabilities, decided, after))
    if rules.OWNER in before and rules.OWNER not in after:
        _refuse_last_owner(owners, member)
    waiting = [name for name in after if name in member.waiting_capabilities and missing_for(member, name)]
    for capability in sorted(set(after) - set(before) - set(waiting)):
        _refuse_missing(member, capability)
    after = [name for name in after if name not in waiting]
    store_capabilities(member, after, waiting)
    return member


@transaction.atomic(durable=True)
def settle_capabilities(*, user_id: int) -> None:
    """Bring what a person may do here into line with their prerequisites: what waited for one that holds
    now comes into force, what has one that lapsed waits for it (ownership alone never lapses)."""
    member = Member.objects.select_for_update().filter(user_id=user_id).first()
    if member is not None:
        decide(member)


def decide(member: Member, *, add: Iterable[str] = ()) -> None:
    """Step: let a member have what was decided for them so far and ``add``, as far as prerequisites hold."""
    refuse_outside_transaction()
    decided = in_order({*member.capabilities, *member.waiting_capabilities, *add})
    holding = [
        name
        for name in decided
        if not missing_for(member, name) or (name == rules.OWNER and name in member.capabilities)
    ]
    store_capabilities(member, holding, [name for name in decided if name not in holding])


def store_capabilities(member: Member, after: list[str], waiting: list[str] | None = None) -> None:
    """Step: write what was decided, and tell; without ``waiting`` that stays as it is."""
    before = list(member.capabilities)
    waiting = member.waiting_capabilities if waiting is None else waiting
    if (before, member.waiting_capabilities) == (after, waiting):
        return
    member.capabilities, member.waiting_capabilities = after, waiting
    member.save(update_fields=["capabilities", "waiting_capabilities"])
    if before != after:
        emit(RoleChanged(member_id=member.pk, user_id=member.user_id, before=before, after=after))
        forget(member.user_id)


def _refuse_missing(member: Member, capability: str) -> None:
    missing = missing_for(member, capability)
    if not missing:
        return
    steps = [{"key": each.key, "text": str(each.text), "url": each.url} for each in missing]
    text = _("“%(role)s” needs first: %(missing)s.") % {
        "role": Capability(capability).label,
        "missing": ", ".join(str(each.text) for each in missing),
    }
    raise DomainError(
        "member.prerequisite_missing",
        text,
        field="capabilities",
        details={"capabilities": [text], "capability": capability, "missing": steps},
    )


@transaction.atomic(durable=True)
def deactivate_member(*, actor: Actor, member_id: UUID) -> Member:
    """Shut a member out: no log-in here any more, open sessions of this tenant end; nothing is deleted.

    Raises ForbiddenError ``member.owner_by_owner`` and DomainError ``member.last_owner``, ``member.oneself``.
    """
    require(actor, "members.deactivate_member")
    owners = lock_owners()
    member = queries.get_member(actor, member_id, "members.deactivate_member", for_update=True)
    _refuse_owner_by_others(actor, member, [])
    if rules.OWNER in member.capabilities:
        _refuse_last_owner(owners, member)
    if member.pk == actor.member_id:
        raise DomainError("member.oneself", _("You cannot deactivate yourself."))
    return _set_active(member, False)


@transaction.atomic(durable=True)
def reactivate_member(*, actor: Actor, member_id: UUID) -> Member:
    """Let a deactivated member in again, with the capabilities they had."""
    require(actor, "members.deactivate_member")
    member = queries.get_member(actor, member_id, "members.deactivate_member", for_update=True)
    _refuse_owner_by_others(actor, member, [])
    return _set_active(member, True)


@transaction.atomic(durable=True)
def copy_profile(*, user_id: int, name: str, email: str) -> None:
    """Write a person's new name and address into their Member row here.

    Emits nothing: users.profile_changed was the event, this is its copy.
    """
    member = Member.objects.select_for_update().filter(user_id=user_id).first()
    if member is None or (member.name, member.email) == (name, email):
        return
    member.name, member.email = name, email
    member.save(update_fields=["name", "email"])
    forget_actor(user_id, current_schema())


def _set_active(member: Member, is_active: bool) -> Member:
    if member.is_active == is_active:
        return member
    schema = current_schema()
    member.is_active = is_active
    member.save(update_fields=["is_active"])
    with platform_context():
        tenant = Tenant.objects.get(schema_name=schema)
        Membership.objects.filter(tenant=tenant, user_id=member.user_id).update(is_active=is_active)
        if not is_active:
            end_sessions_in(user_id=member.user_id, tenant=tenant, reason="deactivated")
    emit(ActivationChanged(member_id=member.pk, user_id=member.user_id, is_active=is_active))
    forget(member.user_id)
    return member


def forget(user_id: int) -> None:
    """What this process remembers of a person here: the actor, and who stands behind their credentials."""
    forget_actor(user_id, current_schema())
    principals.forget_user(user_id)


def lock_owners() -> list[UUID]:
    """Step: lock the owners' rows by primary key, so that two requests cannot remove the last two.

    Gives those who can act: active here, with an account that the platform has not closed.
    """
    rows = Member.objects.filter(capabilities__contains=[rules.OWNER], is_active=True)
    found = dict(rows.order_by("pk").select_for_update().values_list("pk", "user_id"))
    with platform_context():
        open_accounts = set(
            User.objects.filter(pk__in=found.values(), is_active=True).values_list("pk", flat=True)
        )
    return [member_id for member_id, user_id in found.items() if user_id in open_accounts]


def _refuse_last_owner(owners: list[UUID], member: Member) -> None:
    if owners == [member.pk]:
        raise DomainError(
            "member.last_owner",
            _("An organisation needs an owner: make somebody else one first."),
            field="capabilities",
        )


def _refuse_owner_by_others(actor: Actor, member: Member, ungrantable: list[str]) -> None:
    if actor.is_system:
        return
    if ungrantable or not rules.may_touch(actor.capabilities, member.capabilities):
        raise ForbiddenError("member.owner_by_owner", _("Only an owner may do this."))


def in_order(capabilities: Iterable[str]) -> list[str]:
    """Capabilities in the order of the catalogue. Raises DomainError ``member.unknown_capability``."""
    wanted = set(capabilities)
    if unknown := wanted - set(Capability.values):
        raise DomainError(
            "member.unknown_capability",
            _("There is no such capability: %(names)s.") % {"names": ", ".join(sorted(unknown))},
            field="capabilities",
        )
    return [name for name in Capability.values if name in wanted]


def refuse_outside_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("this is a step of a command's transaction")
