from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "billing.reports"
    label = "reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        from . import options  # noqa: F401 - they register themselves
