"""Print every event with who listens to it."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from shared_apps.core.events import listeners


class Command(BaseCommand):
    help = "Print every event with who listens to it. '*' hears all of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object instead of lines.")

    def handle(self, *_args: Any, **options: Any) -> None:
        table = listeners()
        if options["json"]:
            self.stdout.write(json.dumps(table, indent=2))
            return
        for name, handlers in table.items():
            self.stdout.write(f"{name}: {', '.join(handlers) or '-'}")
