from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FactorsConfig(AppConfig):
    name = "shared_apps.factors"
    label = "factors"

    def ready(self) -> None:
        from shared_apps.access import step_up
        from shared_apps.core.crypto import register_sealed
        from shared_apps.core.events import subscribe
        from shared_apps.users import second_step
        from shared_apps.users.account_area import Tab, register_tab
        from shared_apps.users.events import EmailChangeUndone
        from shared_apps.users.hooks import register_public_erase_hook

        from . import doors, gate, queries, sealing
        from .services import resetting

        register_tab(
            Tab(url_name="security", label=_("Security"), permission="factors.view_factor", order=35)
        )
        register_sealed(sealing.TOTP_SECRET)
        second_step.register(gate.Gate())
        register_public_erase_hook("factors", lambda user_id: queries.authenticators(user_id).delete())
        subscribe(EmailChangeUndone, resetting.remove_later_factors)
        step_up.register_reader(gate.last_proof)
        step_up.register_pages(
            confirm_api="/api/v1/auth/mfa/confirm/",
            enrol_api="/api/v1/auth/mfa/",
            confirm=doors.ask_for_proof,
            enrol=doors.lead_to_enrolment,
        )
