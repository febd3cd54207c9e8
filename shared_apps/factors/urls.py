"""``/api/v1/auth/mfa/`` on both hosts."""

from django.urls import path

from . import api

urlpatterns = [
    path("", api.FactorsView.as_view(), name="mfa"),
    path("<int:factor_id>/", api.FactorView.as_view(), name="mfa-factor"),
    path("totp/setup/", api.TotpSetupView.as_view(), name="mfa-totp-setup"),
    path("totp/", api.TotpView.as_view(), name="mfa-totp"),
    path("recovery-codes/", api.RecoveryCodesView.as_view(), name="mfa-recovery-codes"),
    path("webauthn/options/", api.PasskeyOptionsView.as_view(), name="mfa-passkey-options"),
    path("webauthn/", api.PasskeyView.as_view(), name="mfa-passkey"),
    path("webauthn/login/options/", api.LoginOptionsView.as_view(), name="mfa-login-options"),
    path("webauthn/login/", api.PasskeyLoginView.as_view(), name="mfa-passkey-login"),
    path("authenticate/", api.AuthenticateView.as_view(), name="mfa-authenticate"),
    path("confirm/options/", api.ConfirmOptionsView.as_view(), name="mfa-confirm-options"),
    path("confirm/", api.ConfirmView.as_view(), name="mfa-confirm"),
]
