"""Measuring in turns, and the one line a figure that comes out."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def report(name: str, value: float, unit: str, yardstick: Any, runs: int) -> None:
    """Print a figure. ``yardstick`` is what it is measured against, in its own unit, or what it means."""
    line = {"name": name, "value": round(value, 4), "unit": unit, "yardstick": yardstick, "runs": runs}
    print(json.dumps(line), flush=True)


def figure(name: str) -> str:
    """The name of a figure; with the apps of ``bench.wide`` it says so."""
    return f"{name}@64_tables" if os.environ.get("BENCH_WIDE") else name


def say(text: str) -> None:
    """Progress, apart from the figures."""
    print(f"  {text}", file=sys.stderr, flush=True)


@dataclass
class Series:
    """Measurements of one thing, in seconds unless said otherwise."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def percentile(self, share: float) -> float:
        """The value below which ``share`` of the measurements lie."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def in_turns(runs: int, *subjects: Callable[[], float]) -> list[Series]:
    """Call each subject ``runs`` times, in turns that change their order; each returns what it measured."""
    series = [Series() for _ in subjects]
    for number in range(runs):
        order = range(len(subjects)) if number % 2 == 0 else reversed(range(len(subjects)))
        for index in order:
            series[index].values.append(subjects[index]())
    return series


def timed(action: Callable[[], Any]) -> float:
    """Seconds that an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def cpu_seconds(pids: Sequence[int]) -> float:
    """Time that all threads of processes have spent on a CPU, from the kernel's own nanoseconds."""
    return (
        sum(
            int(task.read_text().split()[0])
            for pid in pids
            for task in Path(f"/proc/{pid}/task").glob("*/schedstat")
        )
        / 1e9
    )


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split() if int(child) not in found]
    return found
