from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "shared_apps.sso"
    label = "sso"

    def ready(self) -> None:
        from shared_apps.core.crypto import register_sealed
        from shared_apps.users.hooks import register_public_erase_hook
        from shared_apps.users.login_options import register

        from . import queries, sealing
        from .web import login_option

        register_sealed(sealing.CLIENT_SECRET)
        register(login_option)
        register_public_erase_hook("sso", lambda user_id: queries.identities_of(user_id).delete())
