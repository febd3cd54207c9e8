from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from shared_apps.access.actors import Actor
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.market_data import queries, services
from shared_apps.market_data.models import Candle, Feed, Instrument
from shared_apps.market_data.rules import Interval
from shared_apps.tenants.models import Tenant

ACTOR = Actor.system("test.market")
HEADER = "time,open,high,low,close,volume"
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "market" / "binance_ETH-BTC_5m.csv"
ROWS = [
    "2018-01-10T04:55:00Z,0.0984,0.0994766,0.09828605,0.0994766,1820.54447418",
    "2018-01-10T05:00:00Z,0.09946999000000001,0.0997238,0.099,0.09969000000000001,2527.92100293",
]


@pytest.fixture
def eth(db: None) -> Iterator[Instrument]:
    with platform_context():
        yield services.create_instrument(
            actor=ACTOR,
            symbol="ETH-BTC",
            kind="crypto",
            price_tick=Decimal("0.00000001"),
            lot_step=Decimal("0.001"),
        )


def read(
    eth: Instrument, rows: list[str], *, header: str = HEADER, skip_bad: bool = False
) -> services.ImportReport:
    lines = [f"{row}\n" for row in (header, *rows)]
    return services.import_candles(
        actor=ACTOR, instrument_id=eth.pk, interval=Interval.M5, lines=lines, skip_bad=skip_bad
    )


def test_a_float_artefact_is_stored_as_the_tick_it_stands_for(eth: Instrument) -> None:
    report = read(eth, ROWS)
    assert (report.read, report.inserted, report.changed, report.unchanged) == (2, 2, 0, 0)
    second = Candle.objects.get(opened_at=datetime(2018, 1, 10, 5, tzinfo=UTC))
    assert (second.open, second.close) == (Decimal("0.09946999"), Decimal("0.09969"))
    assert second.volume == Decimal("2527.92100293")


def test_the_same_file_again_changes_nothing_and_a_correction_is_counted(eth: Instrument) -> None:
    read(eth, ROWS)
    again = read(eth, ROWS)
    assert (again.inserted, again.changed, again.unchanged) == (0, 0, 2)
    corrected = read(eth, [ROWS[0].replace("1820.5", "1821.5"), ROWS[1]])
    assert (corrected.inserted, corrected.changed, corrected.unchanged) == (0, 1, 1)
    assert Candle.objects.count() == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2018-01-10T05:05:00Z,1,2,0.5,1.5", "5 columns instead of 6"),
        ("yesterday,1,2,0.5,1.5,1", "not an ISO 8601 time"),
        ("2018-01-10T05:05:00,1,2,0.5,1.5,1", "no time zone"),
        ("2018-01-10T05:06:00Z,1,2,0.5,1.5,1", "not the opening of a 5m candle"),
        ("2018-01-10T05:00:00Z,1,2,0.5,1.5,1", "not after the line before"),
        ("2018-01-10T05:05:00Z,NaN,2,0.5,1.5,1", "open 'NaN' is not a number"),
        ("2018-01-10T05:05:00Z,1,Infinity,0.5,1.5,1", "high 'Infinity' is not a number"),
        ("2018-01-10T05:05:00Z,1,1e400,0.5,1.5,1", "high '1e400' is too large"),
        ("2018-01-10T05:05:00Z,1,2,0.5,abc,1", "close 'abc' is not a number"),
        ("2018-01-10T05:05:00Z,3,2,0.5,1.5,1", "high is below another price"),
        ("2018-01-10T05:05:00Z,1,2,1.2,1.5,1", "low is above another price"),
        ("2018-01-10T05:05:00Z,0,2,0,1.5,1", "zero or negative"),
        ("2018-01-10T05:05:00Z,1,2,0.5,1.5,-1", "volume is negative"),
        ('2018-01-10T05:05:00Z,1,2,"0.5"x,1.5,1', "not CSV"),
        ("2018-01-10T05:05:00Z,1,2,0.5,1.5,1\x00", "is not a number"),
    ],
)
def test_a_bad_line_is_reported_by_number_and_reason_and_nothing_is_written(
    eth: Instrument, row: str, reason: str
) -> None:
    with pytest.raises(services.BadCandles) as caught:
        read(eth, [*ROWS, row])
    [bad] = caught.value.report.bad
    assert bad.line == 4
    assert reason in bad.reason
    assert caught.value.status == 400
    assert caught.value.details["file"][0].startswith("Line 4: ")
    assert not Candle.objects.exists()


def test_good_lines_may_be_taken_and_bad_ones_left(eth: Instrument) -> None:
    report = read(eth, [ROWS[0], "rubbish", ROWS[1]], skip_bad=True)
    assert (report.inserted, report.refused, report.bad[0].line) == (2, 1, 3)


@pytest.mark.parametrize("header", ["", "a,b,c", "time,open,high,low,close", "\x00\x00"])
def test_a_file_with_another_header_is_no_candle_file(eth: Instrument, header: str) -> None:
    with pytest.raises(DomainError) as caught:
        read(eth, ROWS, header=header)
    assert (caught.value.code, caught.value.field) == ("candles.not_a_file", "file")


def test_only_platform_staff_imports(eth: Instrument) -> None:
    with pytest.raises(ForbiddenError):
        services.import_candles(
            actor=Actor(user_id=1, platform_role="auditor"),
            instrument_id=eth.pk,
            interval=Interval.M5,
            lines=[],
        )


@pytest.mark.skipif(not REAL.exists(), reason="the real candles are not on this machine")
def test_the_command_reads_real_candles_and_shows_what_it_did(db: None) -> None:
    out, err = io.StringIO(), io.StringIO()
    options = {"instrument": "ETH-BTC", "interval": "5m", "tick": "0.00000001", "lot": "0.001"}
    call_command("import_candles", str(REAL), stdout=out, stderr=err, **options)
    assert "5760 candles read: 5760 new, 0 corrected, 0 known, 0 bad lines" in out.getvalue()
    assert "5760 candles" in err.getvalue()
    call_command("import_candles", str(REAL), stdout=out, stderr=err, **options)
    assert "5760 candles read: 0 new, 0 corrected, 5760 known" in out.getvalue()


def test_the_command_names_what_is_wrong(db: None, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text(f"{HEADER}\nrubbish\n")
    err = io.StringIO()
    with pytest.raises(CommandError, match="There is no instrument ETH-BTC"):
        call_command("import_candles", str(broken), instrument="ETH-BTC", interval="5m")
    with pytest.raises(CommandError, match="1 lines are no candles"):
        call_command(
            "import_candles",
            str(broken),
            instrument="ETH-BTC",
            interval="5m",
            tick="0.1",
            lot="1",
            stderr=err,
        )
    assert "line 2: 1 columns instead of 6" in err.getvalue()
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_candles", str(tmp_path / "none.csv"), instrument="ETH-BTC", interval="5m")


def test_a_tenant_reads_the_candles_and_cannot_write_them(eth: Instrument, acme: Tenant) -> None:
    read(eth, ROWS)
    with tenant_context(acme):
        assert Candle.objects.count() == 2
        for statement in ("DELETE FROM market_data_candle", "UPDATE market_data_instrument SET name = 'x'"):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                connection.cursor().execute(statement)


def test_a_replay_hides_what_has_not_happened_yet(eth: Instrument) -> None:
    more = [f"2018-01-10T05:{minute:02}:00Z,1,2,0.5,1.5,1" for minute in range(5, 30, 5)]
    read(eth, [*ROWS, *more])
    feed = services.start_feed(
        actor=ACTOR, instrument_id=eth.pk, interval=Interval.M5, kind=Feed.Kind.REPLAY, history=2
    )
    eth = Instrument.objects.get(pk=eth.pk)
    assert len(queries.closed_candles(eth, Interval.M5, limit=100)) == 2
    assert services.advance_feed(actor=ACTOR, feed_id=feed.pk)
    eth = Instrument.objects.get(pk=eth.pk)
    assert len(queries.closed_candles(eth, Interval.M5, limit=100)) == 3
    last = queries.last_bar(eth)
    assert last is not None
    assert last.opened_at == datetime(2018, 1, 10, 5, 5, tzinfo=UTC)
    for _ in range(4):
        assert services.advance_feed(actor=ACTOR, feed_id=feed.pk)
    assert not services.advance_feed(actor=ACTOR, feed_id=feed.pk), "the candles are used up"
    feed.refresh_from_db()
    assert (feed.is_running, feed.finished_at is not None) == (False, True)
