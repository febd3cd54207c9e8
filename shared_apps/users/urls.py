"""``/api/v1/auth/`` on both hosts."""

from django.urls import path

from . import api, api_account, api_data, api_tokens

urlpatterns = [
    path("login/", api.LoginView.as_view(), name="auth-login"),
    path("logout/", api.LogoutView.as_view(), name="auth-logout"),
    path("token/refresh/", api.RefreshView.as_view(), name="auth-refresh"),
    path("user/", api.ProfileView.as_view(), name="auth-user"),
    path("password/change/", api.PasswordChangeView.as_view(), name="auth-password-change"),
    path("password/reset/", api.PasswordResetView.as_view(), name="auth-password-reset"),
    path("password/reset/confirm/", api.PasswordResetConfirmView.as_view(), name="auth-password-confirm"),
    path("registration/", api.RegistrationView.as_view(), name="auth-registration"),
    path("registration/verify-email/", api.VerifyEmailView.as_view(), name="auth-verify-email"),
    path("registration/resend-email/", api.ResendEmailView.as_view(), name="auth-resend-email"),
    path("user/avatar/", api_account.AvatarView.as_view(), name="auth-avatar"),
    path("user/exports/", api_data.ExportListView.as_view(), name="auth-exports"),
    path("user/exports/<uuid:export_id>/", api_data.ExportView.as_view(), name="auth-export"),
    path("user/erase/", api_data.EraseView.as_view(), name="auth-erase"),
    path("email/change/", api_account.EmailChangeView.as_view(), name="auth-email-change"),
    path("email/change/confirm/", api_account.EmailConfirmView.as_view(), name="auth-email-confirm"),
    path("email/prove/", api_account.EmailProveView.as_view(), name="auth-email-prove"),
    path("email/change/undo/", api_account.EmailUndoView.as_view(), name="auth-email-undo"),
    path("sessions/", api.SessionListView.as_view(), name="auth-sessions"),
    path("sessions/<uuid:session_id>/", api.SessionView.as_view(), name="auth-session"),
    path("api-tokens/", api_tokens.ApiTokenListView.as_view(), name="auth-api-tokens"),
    path("api-tokens/scopes/", api_tokens.ScopesView.as_view(), name="auth-api-token-scopes"),
    path("api-tokens/<uuid:token_id>/", api_tokens.ApiTokenView.as_view(), name="auth-api-token"),
    path("ws-ticket/", api.TicketView.as_view(), name="auth-ws-ticket"),
]
