from datetime import timedelta

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "shared_apps.users"
    label = "users"

    def ready(self) -> None:
        from shared_apps.core.background import periodic
        from shared_apps.core.crypto import SealedColumn, register_sealed

        from . import openapi  # noqa: F401 - it registers itself
        from .account_area import Tab, register_tab
        from .subscribers import register_subscribers

        for number, (url_name, label) in enumerate(
            (
                ("account", _("Profile")),
                ("account-email", _("E-mail")),
                ("account-password", _("Password")),
                ("account-devices", _("Devices")),
                ("api-tokens", _("API tokens")),
                ("account-data", _("Your data")),
            )
        ):
            register_tab(
                Tab(url_name=url_name, label=label, permission="users.view_self", order=10 * (number + 1))
            )
        # The log-in services write last_login in their own transaction; the receiver would write outside one.
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        register_subscribers()
        register_sealed(SealedColumn("users.DataExport", "file_key", "users.data_export"))
        periodic("users.purge_sessions", every=timedelta(days=1), per_tenant=False)
