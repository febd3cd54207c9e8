"""``show_matrix``: the role matrix as a table, and its comparison with the committed one."""

from __future__ import annotations

import difflib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from shared_apps.access.describe import markdown
from shared_apps.access.routes import all_routes, problems


class Command(BaseCommand):
    """Prints the matrix; ``--write`` renews docs/access-matrix.md, ``--check`` fails if it is not current."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--write", action="store_true", help="renew docs/access-matrix.md")
        choice.add_argument(
            "--check", action="store_true", help="fail unless docs/access-matrix.md is current"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            text = markdown(all_routes())
        path = Path(settings.BASE_DIR) / "docs" / "access-matrix.md"
        if options["write"]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif options["check"]:
            self._compare(path, text)
        else:
            self.stdout.write(text)

    def _compare(self, path: Path, text: str) -> None:
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        difference = difflib.unified_diff(
            committed.splitlines(), text.splitlines(), "committed", "from the code", lineterm=""
        )
        lines = [*difference, *problems()]
        if lines:
            raise CommandError(
                "\n".join([*lines, "Run `python manage.py show_matrix --write` and read the diff."])
            )
