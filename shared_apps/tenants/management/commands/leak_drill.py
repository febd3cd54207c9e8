"""``leak_drill``: attacks every tenant from its neighbour and prints what it found."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from shared_apps.tenants import leak_drill


class Command(BaseCommand):
    help = "Attacks every tenant's tables, directory rows, cache and routes from another. Exit 1 when red."

    def handle(self, *_args: Any, **_options: Any) -> None:
        result = leak_drill.run()
        self.stdout.write(json.dumps(leak_drill.report(result), indent=2))
        if not result.is_green:
            sys.exit(1)
