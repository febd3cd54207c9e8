from __future__ import annotations

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReconciliationConfig(AppConfig):
    name = "billing.reconciliation"
    label = "reconciliation"
    verbose_name = _("Reconciliation")

    def ready(self) -> None:
        from shared_apps.core.background import periodic
        from shared_apps.core.health import register

        from . import options  # noqa: F401 - registers them
        from .queries import check_books

        register("books", check_books)
        # Every hour: which of them is the night's decides the service, so a restart of beat loses none.
        periodic("reconciliation.run_nightly", every=timedelta(hours=1), per_tenant=False)
