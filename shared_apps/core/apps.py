from datetime import timedelta
from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "shared_apps.core"
    label = "core"
    verbose_name = _("Requests and lists")

    def ready(self) -> None:
        from . import checks, health
        from .background import periodic
        from .content_types import create_stable_content_types

        # With a pool and CONN_MAX_AGE 0 a connection goes back when its request ends: none is old now.
        request_started.disconnect(close_old_connections)
        if not settings.DEBUG:  # nobody collects queries
            request_started.disconnect(reset_queries)
        # Before django.contrib.contenttypes' own receiver, which would number them by sequence.
        post_migrate.connect(create_stable_content_types, dispatch_uid="core.stable_content_types")
        import_module(settings.TASK_APPLICATION)
        checks.import_options()
        health.register("database", health.check_database, essential=True)
        health.register("cache", health.check_cache, essential=True)
        health.register("outbox", health.check_outbox)
        if settings.SENTRY_DSN:
            from . import sentry

            sentry.start()
        periodic("core.prune_tenant", every=timedelta(hours=6))
        periodic("core.prune_platform", every=timedelta(hours=6), per_tenant=False)
