"""Handing ownership over: the owner proposes, the other member accepts (F28)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor, forget_actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core.background import enqueue
from shared_apps.core.context import current_schema, platform_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.tenants.models import Tenant
from shared_apps.users.events import RoleChanged as PlatformRoleChanged
from shared_apps.users.models import Role, User
from tenant_apps.members import options, queries, rules
from tenant_apps.members.events import (
    OwnershipNotTransferred,
    OwnershipProposed,
    OwnershipTransferred,
)
from tenant_apps.members.models import Member, OwnershipTransfer

from .invitations import inviter_of
from .people import forget, in_order, lock_owners, store_capabilities


@transaction.atomic(durable=True)
def propose_transfer(*, actor: Actor, member_id: UUID, origin: str) -> OwnershipTransfer:
    """Propose to hand the actor's ownership to another active member, who is told by mail.

    An earlier proposal that expired is closed. Raises NotFoundError ``member.not_found``, DomainError
    ``transfer.oneself`` and ``transfer.owner_already`` (field ``member``), ConflictError
    ``transfer.pending``, StepUpRequired.
    """
    require(actor, "members.propose_transfer")
    require_recent(actor)
    lock_owners()
    giver = inviter_of(actor)
    taker = Member.objects.filter(pk=member_id, is_active=True).first()
    if taker is None:
        raise NotFoundError("member.not_found", _("There is no such member."))
    if taker.pk == giver.pk:
        raise DomainError("transfer.oneself", _("You are the owner already."), field="member")
    if rules.OWNER in taker.capabilities:
        raise DomainError("transfer.owner_already", _("This member is an owner already."), field="member")
    _close_expired(giver)
    if _open_of(giver).exists():
        raise ConflictError(
            "transfer.pending", _("You have proposed it to somebody already; withdraw that first.")
        )
    transfer = OwnershipTransfer.objects.create(
        from_member=giver,
        to_member=taker,
        expires_at=timezone.now() + options.TRANSFER_LIFETIME.value(),
    )
    emit(OwnershipProposed(ownershiptransfer_id=transfer.pk, member_id=taker.pk, user_id=taker.user_id))
    enqueue("members.tell_proposed_owner", transfer_id=transfer.pk, origin=origin)
    return transfer


@transaction.atomic(durable=True)
def accept_transfer(*, actor: Actor, transfer_id: UUID) -> OwnershipTransfer:
    """Become the owner; the one who proposed it goes on as an administrator.

    Raises NotFoundError, ForbiddenError, StepUpRequired, ConflictError ``transfer.closed`` (answered,
    withdrawn, expired, or the proposer is no owner any more).
    """
    require(actor, "members.answer_transfer")
    require_recent(actor)
    owners = lock_owners()
    transfer = _pending(queries.get_transfer(actor, transfer_id, "members.answer_transfer"))
    giver = Member.objects.select_for_update().get(pk=transfer.from_member_id)
    taker = Member.objects.select_for_update().get(pk=transfer.to_member_id)
    if giver.pk not in owners or not taker.is_active:
        raise _closed()
    transfer.accepted_at = timezone.now()
    transfer.save(update_fields=["accepted_at"])
    gives, takes = rules.after_transfer(giver.capabilities, taker.capabilities)
    store_capabilities(taker, in_order(takes))
    store_capabilities(giver, in_order(gives))
    _move_platform_role(giver.user_id, taker.user_id)
    emit(
        OwnershipTransferred(
            ownershiptransfer_id=transfer.pk, from_user_id=giver.user_id, user_id=taker.user_id
        )
    )
    return transfer


@transaction.atomic(durable=True)
def decline_transfer(*, actor: Actor, transfer_id: UUID) -> OwnershipTransfer:
    """Say no to a proposal. Raises as :func:`accept_transfer`."""
    require(actor, "members.answer_transfer")
    transfer = _pending(queries.get_transfer(actor, transfer_id, "members.answer_transfer"))
    transfer.declined_at = timezone.now()
    transfer.save(update_fields=["declined_at"])
    emit(OwnershipNotTransferred(ownershiptransfer_id=transfer.pk, reason="declined"))
    return transfer


@transaction.atomic(durable=True)
def withdraw_transfer(*, actor: Actor, transfer_id: UUID) -> OwnershipTransfer:
    """Take one's own proposal back. Raises as :func:`accept_transfer`."""
    require(actor, "members.propose_transfer")
    transfer = _pending(queries.get_transfer(actor, transfer_id, "members.propose_transfer"))
    _withdraw(transfer)
    return transfer


def _withdraw(transfer: OwnershipTransfer) -> None:
    transfer.withdrawn_at = timezone.now()
    transfer.save(update_fields=["withdrawn_at"])
    emit(OwnershipNotTransferred(ownershiptransfer_id=transfer.pk, reason="withdrawn"))


def _open_of(giver: Member) -> QuerySet[OwnershipTransfer]:
    return OwnershipTransfer.objects.filter(
        from_member=giver, accepted_at=None, declined_at=None, withdrawn_at=None
    )


def _close_expired(giver: Member) -> None:
    for transfer in _open_of(giver).filter(expires_at__lte=timezone.now()).select_for_update():
        _withdraw(transfer)


def _pending(transfer: OwnershipTransfer) -> OwnershipTransfer:
    if transfer.state != rules.PENDING:
        raise _closed()
    return transfer


def _closed() -> ConflictError:
    return ConflictError("transfer.closed", _("This proposal does not stand any more."))


def _move_platform_role(giver_id: int, taker_id: int) -> None:
    """On the platform's host the owner of a home tenant is its ``tenant_owner`` (C3, S4-60)."""
    schema = current_schema()
    with platform_context():
        tenant = Tenant.objects.get(schema_name=schema)
        users = User.objects.select_for_update(of=("self",)).filter(pk__in=[giver_id, taker_id])
        found = {user.pk: user for user in users.order_by("pk")}
        giver, taker = found[giver_id], found[taker_id]
        if giver.role == Role.TENANT_OWNER and giver.tenant_id == tenant.pk:
            _change_role(giver, Role.SUBSCRIBER)
        if taker.tenant_id is None:
            taker.tenant = tenant
            taker.save(update_fields=["tenant"])
        if taker.role == Role.SUBSCRIBER and taker.tenant_id == tenant.pk:
            _change_role(taker, Role.TENANT_OWNER)
    for user_id in (giver_id, taker_id):
        forget(user_id)
        forget_actor(user_id)


def _change_role(user: User, role: Role) -> None:
    before, user.role = user.role, role
    user.save(update_fields=["role"])
    emit(PlatformRoleChanged(user_id=user.pk, before=str(before), after=str(role)))
