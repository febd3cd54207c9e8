"""``seed_demo``: the two demo organisations, their people and their market; safe to repeat."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.core.errors import DomainError
from shared_apps.tenants import demo


class Command(BaseCommand):
    help = "Creates what is missing of the demo (tenants acme and globex). Refused in production."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people-only", action="store_true", help="no market, accounts or bots")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            tenants = demo.seed(people_only=options["people_only"])
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"demo ready: {', '.join(tenant.slug for tenant in tenants)}")
