from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "shared_apps.sso"
    label = "sso"

    def ready(self) -> None:
        from shared_apps.core.crypto import register_sealed
        from shared_apps.users.login_options import register

        from . import sealing
        from .web import login_option

        register_sealed(sealing.CLIENT_SECRET)
        register(login_option)
