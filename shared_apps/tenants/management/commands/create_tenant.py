"""``create_tenant``: an organisation with its schema, subdomain and owner, from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.core.context import audit_context, platform_context
from shared_apps.core.errors import DomainError
from shared_apps.tenants import hosts, services
from shared_apps.users.models import User


class Command(BaseCommand):
    help = "Creates an organisation. Prints its address. Without --owner it waits for an owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the subdomain: 3 to 40 lower-case letters, digits and hyphens")
        parser.add_argument("name", help="the organisation's name, unique on the platform")
        parser.add_argument("--owner", metavar="EMAIL", help="an existing person who becomes the owner")
        parser.add_argument("--email", help="the organisation's own address")
        parser.add_argument("--description", default="", help="what the organisation is")

    def handle(self, *_args: Any, **options: Any) -> None:
        owner = None
        with platform_context(), audit_context(actor_label="command.create_tenant"):
            if options["owner"]:
                owner = User.objects.filter(email__iexact=options["owner"]).first()
                if owner is None:
                    raise CommandError(f"--owner: nobody has the e-mail address {options['owner']}.")
            try:
                tenant = services.create_tenant(
                    name=options["name"], slug=options["slug"], owner=owner, email=options["email"],
                    description=options["description"],
                )  # fmt: skip
            except DomainError as error:
                raise CommandError(f"{error.field or 'tenant'}: {error.message}") from error
        self.stdout.write(f"{tenant.name}: {hosts.subdomain(tenant.slug)} (schema {tenant.schema_name})")
