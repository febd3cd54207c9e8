"""``/api/v1/auth/`` on both hosts (api.md, S4-72)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from dj_rest_auth.views import LoginView as RestAuthLoginView
from django.conf import settings
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.actors import Actor
from shared_apps.access.drf import MatrixPermission, actor_of
from shared_apps.core.context import platform_context
from shared_apps.core.throttling import AuthenticationThrottle, RefreshThrottle, RequestThrottle

from . import queries, second_step, serializers, tickets, web
from .authentication import TenantSessionAuthentication
from .codes import Host, host_of
from .hosts import HostTenant, client_of, host_tenant
from .models import User
from .services import accounts, login, passwords, registration, sessions

_ATTEMPTS = (AuthenticationThrottle, RequestThrottle)
#: The throttles of views where a secret is tried, for apps above.
ATTEMPTS = _ATTEMPTS


class _IdentityView(GenericAPIView[Any]):
    """Runs in the platform role, with the host's tenant as a parameter."""

    permission_classes = (MatrixPermission,)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with platform_context():
            return super().dispatch(request, *args, **kwargs)

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)

    @property
    def tenant(self) -> HostTenant | None:
        return host_tenant(self.request._request)

    @property
    def host(self) -> Host:
        return host_of(self.request._request)

    def valid_data(self) -> dict[str, Any]:
        """The body, checked by the view's serializer."""
        serializer = self.get_serializer(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data


#: The base of identity's views in apps above.
IdentityView = _IdentityView


def _with_tokens(body: Any, pair: login.TokenPair) -> Response:
    """Tokens are for nobody's cache; browsers get the refresh token as a cookie no script can read, too."""
    response = Response(body, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        settings.REFRESH_COOKIE_NAME,
        pair.refresh,
        expires=pair.session.expires_at,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response


def login_answer(request: Request, user: User, pair: login.TokenPair) -> Response:
    """What every successful log-in answers: the tokens in both spellings, and the person."""
    tokens = {"access": pair.access, "refresh": pair.refresh, "user": user}
    with platform_context():
        body = serializers.LoginAnswerSerializer(tokens, context={"request": request}).data
    get_token(request._request)  # a page that refreshes by cookie needs the CSRF token
    return _with_tokens(body, pair)


class LoginView(RestAuthLoginView):
    """Log in with user name or e-mail and password; the tokens hold on this host only."""

    access = {"post": "users.sign_in"}
    permission_classes = (MatrixPermission,)
    authentication_classes = ()
    throttle_classes = _ATTEMPTS
    serializer_class = serializers.LoginSerializer
    pair: login.TokenPair

    def login(self) -> None:
        self.user = self.serializer.validated_data["user"]
        http = self.request._request
        self.pair = login.open_api_session(user=self.user, client=client_of(http), tenant=host_tenant(http))

    def get_response(self) -> Response:
        return login_answer(self.request, self.user, self.pair)

    @extend_schema(responses={200: serializers.LoginAnswerSerializer, 202: serializers.ChallengeSerializer})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """202 with a challenge where the person has a second factor: no token before it is met."""
        self.serializer = self.get_serializer(data=request.data)
        self.serializer.is_valid(raise_exception=True)
        user = self.serializer.validated_data["user"]
        with platform_context():
            challenge = second_step.challenge_for(user.pk, host_tenant(request._request))
        if challenge is not None:
            body = serializers.ChallengeSerializer(challenge).data
            return Response(body, status=202, headers={"Cache-Control": "no-store"})
        self.login()
        return self.get_response()


class RefreshView(_IdentityView):
    """Exchange the refresh token, from the body or the cookie, for a new pair. Each is good once."""

    access = {"post": "users.sign_in"}
    authentication_classes = ()
    throttle_classes = (RefreshThrottle,)
    serializer_class = serializers.RefreshSerializer

    @extend_schema(responses=serializers.TokensSerializer)
    def post(self, request: Request) -> Response:
        token = _shown_refresh_token(request, self.valid_data())
        pair = sessions.refresh(token=token, client=client_of(request._request), tenant=self.tenant)
        body = serializers.TokensSerializer({"access": pair.access, "refresh": pair.refresh}).data
        return _with_tokens(body, pair)


def _shown_refresh_token(request: Request, data: dict[str, Any]) -> str:
    """The token of the body, else of the cookie; a cookie counts only with the CSRF token."""
    shown: str = data.get("refresh") or ""
    if not shown and (kept := request.COOKIES.get(settings.REFRESH_COOKIE_NAME)):
        TenantSessionAuthentication().enforce_csrf(request)
        shown = kept
    return shown


class LogoutView(_IdentityView):
    """End the session behind whatever is shown: access token, browser session or refresh token."""

    access = {"post": "users.sign_in"}
    authentication_classes = ()
    serializer_class = serializers.RefreshSerializer

    @extend_schema(responses=serializers.DetailSerializer)
    def post(self, request: Request) -> Response:
        http = request._request
        actor: Actor = http.actor  # type: ignore[attr-defined]
        if actor.method == "session":
            TenantSessionAuthentication().enforce_csrf(request)
            web.end_browser_session(http)
        else:
            sessions.log_out(actor=actor, tenant=self.tenant)
            if token := _shown_refresh_token(request, self.valid_data()):
                sessions.log_out_by_token(token=token, tenant=self.tenant)
        response = Response({"detail": _("You are logged out.")})
        response.delete_cookie(settings.REFRESH_COOKIE_NAME, samesite="Strict")
        return response


class ProfileView(_IdentityView):
    """One's own account."""

    access = {"get": "users.view_self", "patch": "users.change_self"}
    serializer_class = serializers.ProfileSerializer

    def get(self, request: Request) -> Response:
        return Response(self.get_serializer(queries.own_profile(self.actor)).data)

    def patch(self, request: Request) -> Response:
        serializer = self.get_serializer(queries.own_profile(self.actor), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        accounts.update_profile(actor=self.actor, changes=serializer.validated_data, tenant=self.tenant)
        return Response(self.get_serializer(queries.own_profile(self.actor)).data)


class PasswordChangeView(_IdentityView):
    """Set a new password; every other session ends."""

    access = {"post": "users.change_self"}
    throttle_classes = _ATTEMPTS
    serializer_class = serializers.PasswordChangeSerializer

    @extend_schema(responses=serializers.DetailSerializer)
    def post(self, request: Request) -> Response:
        data = self.valid_data()
        passwords.change_password(
            actor=self.actor,
            old_password=data["old_password"],
            new_password=data["new_password1"],
            host=self.host,
        )
        return Response({"detail": _("The new password holds; all other sessions have ended.")})


class PasswordResetView(_IdentityView):
    """Ask for a code by e-mail. The answer is the same for every address."""

    access = {"post": "users.reset_password"}
    authentication_classes = ()
    throttle_classes = _ATTEMPTS
    serializer_class = serializers.PasswordResetSerializer

    @extend_schema(responses=serializers.DetailSerializer)
    def post(self, request: Request) -> Response:
        data = self.valid_data()
        passwords.request_password_reset(email=data["email"], host=self.host)
        return Response({"detail": _("If there is an account with this address here, a mail is on its way.")})


class PasswordResetConfirmView(_IdentityView):
    """Set a new password by the code of the mail; all sessions end. Five wrong codes end the code."""

    access = {"post": "users.reset_password"}
    authentication_classes = ()
    throttle_classes = _ATTEMPTS
    serializer_class = serializers.PasswordResetConfirmSerializer

    @extend_schema(responses=serializers.DetailSerializer)
    def post(self, request: Request) -> Response:
        data = self.valid_data()
        passwords.reset_password(
            email=data["email"], code=data["otp"], new_password=data["new_password1"], host=self.host
        )
        return Response({"detail": _("The new password holds. Log in with it.")})


_REGISTRATION_TOKEN = OpenApiParameter(
    "X-Registration-Token",
    str,
    OpenApiParameter.HEADER,
    description="Belongs to whoever registered; the same for every address.",
    response=[201],
)


class RegistrationView(_IdentityView):
    """Ask for an account, and on a tenant's host for membership: a code goes to the mailbox.

    The answer is the same for every address (C40); nothing exists before the code is brought.
    """

    access = {"post": "users.register_account"}
    authentication_classes = ()
    throttle_classes = _ATTEMPTS
    serializer_class = serializers.RegistrationSerializer

    @extend_schema(parameters=[_REGISTRATION_TOKEN], responses={201: serializers.DetailSerializer})
    def post(self, request: Request) -> Response:
        data = self.valid_data()
        application = registration.Application(
            email=data["email"],
            password=data["password"],
            username=data.get("username", ""),
            first_name=data.get("first_name", ""),
            last_name=data.get("last_name", ""),
        )
        code_id = registration.register(
            application=application, host=self.host, remote_addr=client_of(request._request).remote_addr
        )
        answer = Response({"detail": _("Look into your mailbox: a code is on its way.")}, status=201)
        # In a header: bodies for known and unknown addresses are the same to the byte.
        answer[_REGISTRATION_TOKEN.name] = registration.registration_token(code_id)
        return answer


class VerifyEmailView(_IdentityView):
    """Bring the code: the account is made, or the one that the address has joins here (C22, C40).

    The password that was registered holds for who registered: give the registration's token, or send the
    code from the same network address. From elsewhere give the `password` that the account shall have.
    """

    access = {"post": "users.register_account"}
    authentication_classes = ()
    throttle_classes = _ATTEMPTS
    serializer_class = serializers.VerifyEmailSerializer

    @extend_schema(responses=serializers.DetailSerializer)
    def post(self, request: Request) -> Response:
        data = self.valid_data()
        token = data["registration_token"]
        registration.confirm(
            email=data["email"],
            code=data["otp"],
            tenant=self.tenant,
            code_id=registration.code_of_token(token) if token else None,
            password=data["password"],
            remote_addr=client_of(request._request).remote_addr,
        )
        return Response({"detail": _("Your address is confirmed. Log in with your password.")})


class ResendEmailView(_IdentityView):
    """Ask for a new code; the old one is dead. The answer is the same for every address."""

    access = {"post": "users.register_account"}
    authentication_classes = ()
    throttle_classes = _ATTEMPTS
    serializer_class = serializers.ResendEmailSerializer

    @extend_schema(responses=serializers.DetailSerializer)
    def post(self, request: Request) -> Response:
        registration.resend_code(email=self.valid_data()["email"], host=self.host)
        return Response({"detail": _("If a registration waits for this address, a new code is on its way.")})


class SessionListView(ListModelMixin, _IdentityView):
    """Where one is logged in: on a tenant's host there, on the platform's host everywhere."""

    access = {"get": "users.view_self", "delete": "users.revoke_session"}
    serializer_class = serializers.SessionSerializer
    filter_backends = ()

    def get_queryset(self) -> Any:
        return queries.own_sessions(self.actor, self.tenant).select_related("tenant")

    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        operation_id="auth_sessions_destroy_all",
        parameters=[OpenApiParameter("keep_current", bool, description="Leave the session in use alone.")],
        responses=serializers.EndedSerializer,
    )
    def delete(self, request: Request) -> Response:
        """End all of them."""
        keep = request.query_params.get("keep_current", "").lower() in ("1", "true")
        ended = sessions.revoke_all_sessions(actor=self.actor, tenant=self.tenant, keep_current=keep)
        return Response({"ended": ended})


class SessionView(_IdentityView):
    """One session of one's own."""

    access = {"delete": "users.revoke_session"}
    serializer_class = serializers.SessionSerializer

    @extend_schema(responses={204: None})
    def delete(self, request: Request, session_id: UUID) -> Response:
        sessions.revoke_session(actor=self.actor, session_id=session_id, tenant=self.tenant)
        return Response(status=204)


class TicketView(_IdentityView):
    """A ticket for ``/ws/stream/``: one connection on this host within a minute."""

    access = {"post": "users.open_stream"}
    serializer_class = serializers.TicketSerializer

    @extend_schema(request=None, responses={201: serializers.TicketSerializer})
    def post(self, request: Request) -> Response:
        ticket = tickets.issue(self.actor, self.tenant)
        body = {"ticket": ticket, "expires_in": tickets.SECONDS}
        return Response(body, status=201, headers={"Cache-Control": "no-store"})
