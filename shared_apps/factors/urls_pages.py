"""Pages of the second factors, on both hosts."""

from django.urls import path

from . import pages, pages_confirm, pages_login

urlpatterns = [
    path("login/second/", pages_login.second, name="login-second"),
    path("login/passkey/", pages_login.passkey, name="login-passkey"),
    path("security/", pages.security, name="security"),
    path("security/totp/", pages.totp, name="add-totp"),
    path("security/passkeys/add/", pages.add_passkey, name="add-passkey"),
    path("security/recovery-codes/", pages.recovery_codes, name="recovery-codes"),
    path("security/factors/<int:factor_id>/remove/", pages.remove, name="remove-factor"),
    path("security/confirm/", pages_confirm.confirm, name="confirm-identity"),
]
