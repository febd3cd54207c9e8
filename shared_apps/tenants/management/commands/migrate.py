"""``migrate`` means migrate_tenants here: a schema migrated alone would drift from its template."""

from __future__ import annotations

from django.core.management.commands.migrate import Command as DjangoCommand

from .migrate_tenants import Command as MigrateTenants


class Command(MigrateTenants):
    #: Django's own checks compare it with makemigrations'.
    autodetector = DjangoCommand.autodetector
