"""``suspend_tenant``: closes an organisation's doors, or opens them again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.core.context import audit_context, platform_context
from shared_apps.core.errors import DomainError
from shared_apps.tenants import services
from shared_apps.tenants.models import Tenant


class Command(BaseCommand):
    help = "Suspends an organisation: its host answers 503, its data stays. --reactivate opens it again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the organisation's subdomain")
        parser.add_argument("--reason", required=True, help="kept in the log")
        parser.add_argument("--reactivate", action="store_true", help="open a suspended organisation again")

    def handle(self, *_args: Any, **options: Any) -> None:
        with platform_context(), audit_context(actor_label="command.suspend_tenant"):
            tenant = Tenant.objects.filter(slug=options["slug"]).first()
            if tenant is None:
                raise CommandError(f"There is no organisation {options['slug']!r}.")
            change = services.reactivate_tenant if options["reactivate"] else services.suspend_tenant
            try:
                tenant = change(tenant_id=tenant.pk, reason=options["reason"])
            except DomainError as error:
                raise CommandError(error.message) from error
        self.stdout.write(f"{tenant.slug} is now {tenant.state}")
