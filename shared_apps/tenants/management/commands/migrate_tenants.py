"""``migrate_tenants``: public, template and every tenant to this version; resumes a killed run."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shared_apps.tenants import migration, provisioning
from shared_apps.tenants.owner import has_owner


class Command(BaseCommand):
    """Exit status 1 when a tenant failed; the others keep their result."""

    help = (
        "Brings the public schema, the template and every tenant's schema to this version. Tenants that are "
        "up to date are skipped without a connection; the rest go in rings (one, a tenth, all), and an error "
        "stops the run before the next ring. Run it again after any interruption. Needs DATABASE_OWNER_URL."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--tenant", action="append", default=[], metavar="SLUG", help="only these tenants"
        )
        parser.add_argument(
            "--verify", action="store_true", help="also compare each schema with the template"
        )
        parser.add_argument("--no-spares", action="store_true", help="leave the pool of ready schemas alone")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not has_owner():
            raise CommandError("DATABASE_OWNER_URL is not set: migrations run as the owner role.")
        began = time.monotonic()
        if migration.migrate_public():
            self.stdout.write("public schema migrated")
        if migration.migrate_template():
            self.stdout.write("template migrated")
        with provisioning.keeping_template_script():
            report = migration.migrate_tenants(only=options["tenant"], progress=self.stdout.write)
        if not options["no_spares"]:
            provisioning.drop_stale_spares()
            provisioning.build_spares(settings.SPARE_SCHEMAS)
        if options["verify"] and (drifted := migration.drifted_schemas()):
            raise CommandError(f"drifted from the template: {', '.join(drifted)}")
        seconds = time.monotonic() - began
        self.stdout.write(
            f"{len(report.migrated)} tenants migrated, {report.skipped} up to date, {seconds:.2f} s"
        )
        if report.failed:
            lines = "\n".join(f"  {schema}: {error}" for schema, error in report.failed.items())
            raise CommandError(f"{len(report.failed)} tenants failed; nothing of them was changed:\n{lines}")
