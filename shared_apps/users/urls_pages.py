"""Pages of identity. Both hosts have log-in and log-out; joining belongs to an organisation's host."""

from django.urls import path

from . import (
    pages,
    pages_account,
    pages_api_tokens,
    pages_data,
    pages_password,
    pages_profile,
    pages_registration,
)

urlpatterns = [
    path("login/", pages.log_in, name="login"),
    path("logout/", pages.log_out, name="logout"),
    path("password/reset/", pages_password.forgotten, name="forgotten"),
    path("password/reset/confirm/", pages_password.set_new, name="set-new-password"),
    path("security/tokens/", pages_api_tokens.token_list, name="api-tokens"),
    path("security/tokens/<uuid:token_id>/revoke/", pages_api_tokens.revoke, name="revoke-api-token"),
    path("account/", pages_profile.profile, name="account"),
    path("account/avatar/", pages_profile.avatar, name="account-avatar"),
    path("account/data/", pages_data.data, name="account-data"),
    path("account/data/<uuid:export_id>/", pages_data.download, name="account-data-file"),
    path("account/erase/", pages_data.erase, name="account-erase"),
    path("account/email/", pages_account.email, name="account-email"),
    path("account/email/confirm/", pages_account.confirm_email, name="account-email-confirm"),
    path("account/email/resend/", pages_account.resend_email, name="account-email-resend"),
    path("account/email/prove/", pages_account.prove_email, name="account-email-prove"),
    path("account/email/undo/", pages_account.undo_email, name="account-email-undo"),
    path("account/password/", pages_account.password, name="account-password"),
    path("account/devices/", pages_account.devices, name="account-devices"),
    path("account/devices/end/", pages_account.end_other_devices, name="account-devices-end"),
    path("account/devices/<uuid:session_id>/end/", pages_account.end_device, name="account-device-end"),
    path("register/confirm/", pages_registration.confirm, name="confirm-registration"),
    path("register/resend/", pages_registration.resend, name="resend-registration"),
]
tenant_urlpatterns = [
    *urlpatterns,
    path("register/", pages_registration.register, name="register"),
]
