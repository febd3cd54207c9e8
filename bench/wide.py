"""Tenant apps written for the benchmarks: they bring a schema to the 64 tables that the goals were set with.

Each table has two foreign keys, five columns of its own and four indexes with the primary key's, as the
budget of a tenant's schema allows on average.
"""

from __future__ import annotations

import os
from pathlib import Path

APPS, TABLES, ADDED = 7, 64, 43

_APP = """\
from django.apps import AppConfig


class Wide(AppConfig):
    name = "{name}"
"""
_HEAD = """\
from django.db import models

from shared_apps.core.models import TenantModel
from tenant_apps.members.models import Member
"""
_MODEL = """

class Thing{number}(TenantModel):
    parent = models.ForeignKey("{parent}", models.CASCADE, null=True)
    member = models.ForeignKey(Member, models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=20, default="new")
    amount = models.DecimalField(max_digits=28, decimal_places=10, null=True)
    count = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["status", "-created_at"], name="{name}_{number}_by_status")]
"""


def apps() -> list[str]:
    """The names of the apps, where the benchmark asks for them."""
    return [f"bench_wide{number}" for number in range(APPS)] if os.environ.get("BENCH_WIDE") else []


def write(root: Path) -> None:
    """Write the sources into a folder that Python imports from; makemigrations adds the migrations."""
    for app in range(APPS):
        name = f"bench_wide{app}"
        package = root / name
        (package / "migrations").mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        (package / "migrations" / "__init__.py").touch()
        (package / "apps.py").write_text(_APP.format(name=name))
        numbers = range(app, ADDED, APPS)
        models = [
            _MODEL.format(
                number=number, name=name, parent="self" if number < APPS else f"Thing{number - APPS}"
            )
            for number in numbers
        ]
        (package / "models.py").write_text(_HEAD + "".join(models))
