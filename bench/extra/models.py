"""A table that gets a column with every step."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from shared_apps.core.models import TenantModel


class Note(TenantModel):
    """Something written down."""

    text = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.text


for _number in range(2, settings.BENCH_STEP + 1):
    Note.add_to_class(f"mark_{_number}", models.IntegerField(null=True, db_index=True))
