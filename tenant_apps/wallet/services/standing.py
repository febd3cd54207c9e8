"""Freezing wallets."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.step_up import require_recent
from shared_apps.core.errors import ConflictError, DomainError
from shared_apps.core.events import emit
from tenant_apps.wallet import queries
from tenant_apps.wallet.events import WalletFrozen, WalletUnfrozen
from tenant_apps.wallet.models import Wallet

from .guards import locked_wallet

REASON_LENGTH = 300


@transaction.atomic(durable=True)
def freeze_wallet(*, actor: Actor, member_id: UUID, reason: str) -> Wallet:
    """Let nothing leave a member's wallet. Raises NotFoundError, ForbiddenError, ConflictError."""
    member = queries.get_member(actor, member_id, "wallet.freeze_wallet")
    require_recent(actor)
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_LENGTH:
        raise DomainError("wallet.reason", _("Say why, in 1 to 300 characters."), field="reason")
    wallet = locked_wallet(member_id)
    if wallet.frozen_at is not None:
        raise ConflictError("wallet.frozen_already", _("This wallet is frozen already."))
    wallet.frozen_at, wallet.frozen_reason = timezone.now(), reason
    wallet.save(update_fields=["frozen_at", "frozen_reason"])
    emit(WalletFrozen(wallet_id=wallet.pk, user_id=member.user_id, reason=reason))
    return wallet


@transaction.atomic(durable=True)
def unfreeze_wallet(*, actor: Actor, member_id: UUID) -> Wallet:
    """Open a frozen wallet again; nobody opens their own. Raises NotFoundError, ConflictError."""
    member = queries.get_member(actor, member_id, "wallet.freeze_wallet")
    require_recent(actor)
    wallet = locked_wallet(member_id)
    if wallet.frozen_at is None:
        raise ConflictError("wallet.not_frozen", _("This wallet is not frozen."))
    if member_id == actor.member_id:
        raise ConflictError("wallet.own", _("Somebody else must open your wallet again."))
    wallet.frozen_at, wallet.frozen_reason = None, ""
    wallet.save(update_fields=["frozen_at", "frozen_reason"])
    emit(WalletUnfrozen(wallet_id=wallet.pk, user_id=member.user_id))
    return wallet
