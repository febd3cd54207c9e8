"""Making a person nobody: their rows stay, because journals name them; what says who they were goes (C29)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor, forget_actor
from shared_apps.access.step_up import require_recent
from shared_apps.core.errors import DomainError
from shared_apps.core.events import emit
from shared_apps.users import avatars, hooks, principals
from shared_apps.users.codes import Host
from shared_apps.users.events import AccountErased
from shared_apps.users.hosts import HostTenant, inside
from shared_apps.users.models import AccountType, DataExport, OneTimeCode, Role, Session, Theme, User
from shared_apps.users.units import identity_unit

from .accounts import lock_user, require_another_superadmin
from .api_tokens import revoke_api_tokens_of
from .notices import Notice, tell
from .sessions import end_sessions_of

#: A domain that nobody can have (RFC 2606): the address of who is nobody.
_NOWHERE: Final = "erased.invalid"


def erase_account(*, actor: Actor, email: str, host: Host) -> None:
    """Erase the actor's own account on the whole platform, at once and for good.

    Name, address, picture, profile, password, factors, devices, codes and files go; sessions and tokens end;
    memberships are detached. What they did stays, under a number. Needs a recent proof of identity, and the
    address typed. Raises StepUpRequired; DomainError for another address, for the last superadmin, and for
    the last owner of an organisation (who hands it over first); nothing changes then.
    """
    require_recent(actor)
    with identity_unit("users.erase_account"):
        user = lock_user(actor.user_id)
        if email.strip().lower() != user.email:
            raise DomainError("erase.address", _("This is not the address of your account."), field="email")
        if user.role == Role.SUPERADMIN:
            require_another_superadmin(user)
        memberships = list(user.memberships.select_related("tenant").order_by("pk"))
        tenants: list[HostTenant] = [membership.tenant for membership in memberships]
        for tenant in tenants:
            hooks.check_leaving(user.pk, tenant)
        # Before the address goes: the notice carries it by itself.
        tell(user.pk, Notice.ERASED, origin=host.origin, tenant=host.tenant, address=user.email)
        end_sessions_of(user, reason="erased", tenant=host.tenant)
        revoke_api_tokens_of(user_id=user.pk, reason="erased", tenant=host.tenant)
        _forget_what_waits(user)
        hooks.run_public_erase_hooks(user.pk)
        label, address = f"erased-{user.pk}", f"erased-{user.pk}@{_NOWHERE}"
        for tenant in tenants:
            hooks.run_erase_hooks(user.pk, tenant, label=label, address=address)
        user.memberships.update(is_active=False)
        _become_nobody(user, label, address)
        with inside(host.tenant):
            emit(AccountErased(user_id=user.pk))
        principals.forget_user(user.pk)
        forget_actor(user.pk)


def _forget_what_waits(user: User) -> None:
    OneTimeCode.objects.filter(user=user).delete()
    OneTimeCode.objects.filter(address=user.email).delete()
    Session.objects.filter(user=user).update(user_agent="", remote_addr=None, device_name="", push_token="")
    exports = list(DataExport.objects.filter(user=user))
    for export in exports:
        if export.file:
            transaction.on_commit(_removal(storages["default"].delete, export.file), robust=True)
        export.delete()


def _removal(remove: Callable[[str], object], name: str) -> Callable[[], None]:
    """A function and no partial: Django names a robust hook that failed by its ``__qualname__``."""

    def removal() -> None:
        remove(name)

    return removal


def _become_nobody(user: User, label: str, address: str) -> None:
    if user.avatar:
        transaction.on_commit(_removal(avatars.remove, user.avatar), robust=True)
    for field in ("first_name", "last_name", "phone_number", "bio", "url", "company", "location", "language",
                  "time_zone", "avatar"):  # fmt: skip
        setattr(user, field, "")
    user.username, user.email = label, address
    user.birth_date = user.email_verified_at = user.last_login = user.tenant = None
    user.account_type, user.theme, user.role = AccountType.INDIVIDUAL, Theme.SYSTEM, Role.SUBSCRIBER
    user.former_addresses = []
    user.is_active, user.erased_at = False, timezone.now()
    user.set_unusable_password()
    user.save()
