"""Pages of identity. Both hosts have log-in and log-out; joining belongs to an organisation's host."""

from django.urls import path

from . import pages, pages_api_tokens, pages_password, pages_registration

urlpatterns = [
    path("login/", pages.log_in, name="login"),
    path("logout/", pages.log_out, name="logout"),
    path("password/reset/", pages_password.forgotten, name="forgotten"),
    path("password/reset/confirm/", pages_password.set_new, name="set-new-password"),
    path("security/tokens/", pages_api_tokens.token_list, name="api-tokens"),
    path("security/tokens/<uuid:token_id>/revoke/", pages_api_tokens.revoke, name="revoke-api-token"),
    path("register/confirm/", pages_registration.confirm, name="confirm-registration"),
    path("register/resend/", pages_registration.resend, name="resend-registration"),
]
tenant_urlpatterns = [
    *urlpatterns,
    path("register/", pages_registration.register, name="register"),
]
