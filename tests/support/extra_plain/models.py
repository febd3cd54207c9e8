"""A tenant app that only some test processes install: one new migration for every tenant."""

from django.db import models

from shared_apps.core.tenant_models import TenantModel


class Note(TenantModel):
    text = models.CharField(max_length=100)
    rank = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        pass

    def __str__(self) -> str:
        return self.text
