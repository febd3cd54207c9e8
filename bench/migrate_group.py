"""Migrating 300 tenants: with nothing to do, and with one new migration."""

from __future__ import annotations

import itertools
import shutil

from bench import servers
from bench.figures import Series, figure, report, say
from bench.stock import Stock

TENANTS, SUBSET, STEPS, IDLE_RUNS = 300, 10, 3, 5
DATABASE = "bench_migrate"

_FIRST = """\
from django.db import migrations, models

import shared_apps.core.fields


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", shared_apps.core.fields.UUIDv7Field(serialize=False)),
                ("text", models.CharField(max_length=200)),
            ],
        ),
    ]
"""
_LATER = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("extra", "{before}")]
    operations = [
        migrations.AddField("note", "mark_{step}", models.IntegerField(null=True, db_index=True)),
    ]
"""


def write_steps() -> None:
    """One package of migrations for each step, each with one migration more."""
    root = servers.STEPS
    names = ["0001_initial"] + [f"{step:04}_mark" for step in range(2, STEPS + 1)]
    texts = [_FIRST] + [
        _LATER.format(before=before, step=step) for step, before in enumerate(names[:-1], start=2)
    ]
    for step in range(1, STEPS + 1):
        package = root / f"bench_steps{step}"
        shutil.rmtree(package, ignore_errors=True)
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        for name, text in itertools.islice(zip(names, texts, strict=True), step):
            (package / f"{name}.py").write_text(text)


def stock_schemas() -> list[str]:
    """Schemas like the tenants', that only django-tenants migrates."""
    from shared_apps.tenants import provisioning, rules

    names = [rules.new_schema_name() for _ in range(SUBSET)]
    for name in names:
        provisioning.build_schema(name)
    return names


def ours(step: int) -> tuple[float, float]:
    """Seconds of `migrate_tenants` itself, and of its whole process."""
    started = servers.run(DATABASE, "-m", "bench.migrate_ours", BENCH_STEP=str(step) if step else "")
    inside, whole = started.split()
    return float(inside), float(whole)


def main() -> None:
    """Run the group."""
    write_steps()
    servers.copy(servers.built(TENANTS), DATABASE)
    servers.enter(DATABASE)
    names = stock_schemas()
    say(f"nothing to do, {IDLE_RUNS} times")
    idle, idle_process, stock_idle = Series(), Series(), Series()
    stock = Stock(DATABASE)
    for _ in range(IDLE_RUNS):
        inside, whole = ours(0)
        idle.values.append(inside)
        idle_process.values.append(whole)
        stock_idle.values.append(stock.ask("migrate", *names) / SUBSET * TENANTS)
    stock.close()
    report(
        figure("migrate.noop_300_s"), idle.median, "s",
        {"measures": f"migrate_tenants over {TENANTS} tenants, nothing to do",
         "with the start of its process": idle_process.median,
         f"django-tenants, standard executor, {SUBSET} schemas × {TENANTS // SUBSET}": stock_idle.median},
        IDLE_RUNS,
    )  # fmt: skip
    new, stock_new = Series(), Series()
    for step in range(1, STEPS + 1):
        say(f"one new migration, {step} of {STEPS}")
        new.values.append(ours(step)[0])
        stock = Stock(DATABASE, BENCH_STEP=str(step))
        stock_new.values.append(stock.ask("migrate", *names) / SUBSET * TENANTS)
        stock.close()
    report(
        figure("migrate.one_300_speedup"), stock_new.median / new.median, "x",
        {f"django-tenants, standard executor, {SUBSET} of the same schemas × {TENANTS // SUBSET} (s)":
         stock_new.median, f"ours, all {TENANTS} (s)": new.median},
        STEPS,
    )  # fmt: skip
    servers.drop(DATABASE)


if __name__ == "__main__":
    main()
