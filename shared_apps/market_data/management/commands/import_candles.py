"""`manage.py import_candles FILE --instrument ETH-BTC --interval 5m`: read candles from a CSV file."""

from __future__ import annotations

from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shared_apps.access.actors import Actor
from shared_apps.core.context import audit_context, platform_context
from shared_apps.core.errors import DomainError
from shared_apps.market_data import services
from shared_apps.market_data.models import Feed, Instrument
from shared_apps.market_data.rules import Interval


class Command(BaseCommand):
    help = (
        "Imports candles from a CSV file (time,open,high,low,close,volume). The same file again changes "
        "nothing. Prices are rounded to the instrument's nearest tick. With a bad line nothing is imported, "
        "unless --skip-bad."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--instrument", required=True, metavar="ETH-BTC")
        parser.add_argument("--interval", required=True, choices=[item.value for item in Interval])
        parser.add_argument(
            "--skip-bad", action="store_true", help="import the good lines, report the bad ones"
        )
        parser.add_argument("--tick", metavar="0.00000001", help="create the instrument with this price tick")
        parser.add_argument("--lot", metavar="0.001", help="create the instrument with this lot step")
        parser.add_argument("--kind", default="crypto", choices=Instrument.Kind.values)
        parser.add_argument(
            "--replay", action="store_true", help="play the candles as a demo market, bar by bar"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.system("market_data.import_candles")
        interval = Interval(options["interval"])
        with platform_context(), audit_context(actor_label=actor.name):
            try:
                instrument = self._instrument(actor, options)
                with options["file"].open(encoding="utf-8", newline="") as lines:
                    report = services.import_candles(
                        actor=actor,
                        instrument_id=instrument.pk,
                        interval=interval,
                        lines=lines,
                        skip_bad=options["skip_bad"],
                        progress=self._show_progress,
                    )
                if options["replay"]:
                    services.start_feed(
                        actor=actor, instrument_id=instrument.pk, interval=interval, kind=Feed.Kind.REPLAY
                    )
            except services.BadCandles as error:
                self._show_bad(error.report)
                raise CommandError(error.message) from error
            except DomainError as error:
                raise CommandError(error.message) from error
            except OSError as error:
                raise CommandError(f"{options['file']}: {error.strerror}") from error
        self._show_bad(report)
        self.stdout.write(
            f"{report.read} candles read: {report.inserted} new, {report.changed} corrected, "
            f"{report.unchanged} known, {report.refused} bad lines"
        )

    def _instrument(self, actor: Actor, options: dict[str, Any]) -> Instrument:
        symbol = options["instrument"]
        instrument = Instrument.objects.filter(symbol=symbol).first()
        if instrument is not None:
            return instrument
        if not options["tick"] or not options["lot"]:
            known = ", ".join(Instrument.objects.values_list("symbol", flat=True)) or "none"
            raise CommandError(
                f"There is no instrument {symbol}; known: {known}. --tick and --lot create it."
            )
        try:
            tick, lot = Decimal(options["tick"]), Decimal(options["lot"])
        except InvalidOperation as error:
            raise CommandError("--tick and --lot must be numbers") from error
        return services.create_instrument(
            actor=actor, symbol=symbol, kind=options["kind"], price_tick=tick, lot_step=lot
        )

    def _show_progress(self, report: services.ImportReport) -> None:
        self.stderr.write(f"\r{report.read} candles", ending="")
        self.stderr.flush()

    def _show_bad(self, report: services.ImportReport) -> None:
        self.stderr.write("")
        for bad in report.bad:
            self.stderr.write(f"line {bad.line}: {bad.reason}")
        if report.refused > len(report.bad):
            self.stderr.write(f"… and {report.refused - len(report.bad)} more")
