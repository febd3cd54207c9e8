from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from shared_apps.tenants.demo import DemoPerson
    from shared_apps.tenants.models import Tenant
    from shared_apps.users.events import ProfileChanged
    from shared_apps.users.models import User


class MembersConfig(AppConfig):
    name = "tenant_apps.members"
    label = "members"

    def ready(self) -> None:
        from billing.subscriptions.owners import register_owners
        from shared_apps.access.actors import register_loader
        from shared_apps.core.events import subscribe
        from shared_apps.tenants.demo import register_tenant_seed
        from shared_apps.tenants.steps import register_tenant_hook
        from shared_apps.users import events, hooks
        from shared_apps.users.account_area import Tab, register_tab
        from shared_apps.users.hooks import register_join_hook

        from . import personal_data, prerequisites, queries, services

        prerequisites.register_own()
        register_loader(queries.load_member)
        register_owners(queries.owners_of)
        register_tenant_hook("members", _add_owner)
        register_tenant_seed("members", _seed)
        register_join_hook("members", _add_joined)
        for number, (url_name, label, permission) in enumerate(
            (
                ("account-addresses", _("Addresses"), "members.view_address"),
                ("account-business", _("Business"), "members.view_business"),
            )
        ):
            tab = Tab(
                url_name=url_name, label=label, permission=permission, order=12 + number, tenant_only=True
            )
            register_tab(tab)
        hooks.register_leave_check(services.check_leaving)
        hooks.register_erase_hook("members", services.erase_member)
        hooks.register_sections("members", personal_data.sections)
        subscribe(events.ProfileChanged, _copy_profile)


def _add_owner(*, tenant: Tenant, owner: User | None) -> None:
    """Hook of a new tenant: its owner's Member row, where it has an owner yet (C39)."""
    from shared_apps.access.actors import Actor

    from . import services

    if owner is not None:
        actor = Actor.system("members.add_owner", tenant.schema_name)
        services.add_member(actor=actor, user=owner, capabilities=["owner"])


def _add_joined(*, user: User) -> None:
    """Hook of registration: whoever joins gets a Member row; a proved address makes a buyer (C26)."""
    from shared_apps.access.actors import Actor
    from shared_apps.core.context import current_schema

    from . import services

    actor = Actor.system("members.add_joined", current_schema())
    capabilities = [] if user.email_verified_at is None else ["buyer"]
    services.add_member(actor=actor, user=user, capabilities=capabilities)


def _copy_profile(event: ProfileChanged) -> None:
    """A person's new name or address reaches their Member rows, each tenant in a transaction of its own."""
    from shared_apps.core.background import enqueue
    from shared_apps.core.context import platform_context

    with platform_context():
        enqueue("members.copy_profile", user_id=event.user_id)


def _seed(tenant: Tenant, people: list[DemoPerson]) -> None:
    """The demo's people with their capabilities."""
    from django.db import transaction

    from shared_apps.access.actors import Actor

    from . import services

    actor = Actor.system("members.seed_demo", tenant.schema_name)
    with transaction.atomic():
        for person in people:
            services.add_member(actor=actor, user=person.user, capabilities=person.capabilities)
