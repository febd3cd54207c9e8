"""``rotate_keys``: seals what older keys sealed with the first of FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.core.context import audit_context
from shared_apps.core.crypto import rotation
from shared_apps.core.crypto.keys import key_ring
from shared_apps.core.master_keys import new_key


class Command(BaseCommand):
    """Exit status 1 when something cannot be opened or, with ``--check``, is under an older key."""

    help = (
        "Seals every protected value that an older key sealed with the first of FIELD_ENCRYPTION_KEYS. To "
        "rotate: put a new key (--new-key prints one) in front, restart every process, run this command, "
        "remove the old key when it says so. It may be interrupted and run again, while the platform works."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="print a new key and do nothing else")
        parser.add_argument("--check", action="store_true", help="count only, change nothing")
        parser.add_argument("--schema", action="append", default=[], help="only these schemas")
        parser.add_argument("--batch", type=int, default=200, help="rows a transaction (200)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["new_key"]:
            self.stdout.write(new_key())
            return
        if not 1 <= options["batch"] <= 10_000:
            raise CommandError("--batch must be between 1 and 10000")
        names = rotation.schemas()
        if unknown := set(options["schema"]) - set(names):
            raise CommandError(f"no such schema: {', '.join(sorted(unknown))}")
        reports = self._run(
            [name for name in names if not options["schema"] or name in options["schema"]], options
        )
        self._conclude(reports, options)

    def _run(self, names: list[str], options: dict[str, Any]) -> list[rotation.ColumnReport]:
        reports = []
        for number, schema in enumerate(names, start=1):
            with audit_context(actor_label="command.rotate_keys"):
                found = list(rotation.rotate(schema=schema, batch=options["batch"], dry_run=options["check"]))
            for report in found:
                if report.by_key:
                    counts = ", ".join(f"{count} under {key}" for key, count in report.by_key.items())
                    self.stdout.write(f"[{number}/{len(names)}] {schema} {report.column}: {counts}; "
                                      f"{report.rotated} sealed anew")  # fmt: skip
            reports += found
        return reports

    def _conclude(self, reports: list[rotation.ColumnReport], options: dict[str, Any]) -> None:
        first, *older = key_ring()
        unreadable = [(r.schema, r.column, pk) for r in reports for pk in r.unreadable]
        lost = sum(r.by_key.get("unknown", 0) for r in reports)
        left = sum(r.stale - r.rotated for r in reports)
        if lost or unreadable:
            lines = "\n".join(f"  {schema} {column} row {pk}" for schema, column, pk in unreadable)
            raise CommandError(
                f"{max(lost, len(unreadable))} values cannot be opened with these keys:\n{lines}"
            )
        if options["check"] and left:
            raise CommandError(f"{left} values are under older keys; run rotate_keys")
        self.stdout.write(f"{sum(r.rotated for r in reports)} values sealed anew under {first}")
        if older and not left and not options["schema"]:
            self.stdout.write(f"these keys open nothing any more and may be removed: {', '.join(older)}")
