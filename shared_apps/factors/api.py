"""``/api/v1/auth/mfa/`` on both hosts: second factors, the second step of a log-in, passkeys, confirming."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.step_up import MAX_AGE
from shared_apps.users.api import ATTEMPTS, IdentityView, login_answer
from shared_apps.users.authentication import FRESH
from shared_apps.users.hosts import client_of
from shared_apps.users.models import User
from shared_apps.users.queries import own_profile_id
from shared_apps.users.second_step import Proof
from shared_apps.users.serializers import LoginAnswerSerializer
from shared_apps.users.services.login import open_api_session

from . import gate, memory, queries, serializers
from .services import enrolment, passkeys, proving, resetting
from .site import Site, site_of

_NO_STORE = {"Cache-Control": "no-store"}


class _FactorView(IdentityView):
    """Knows the site of the host; answers are for nobody's cache."""

    @property
    def site(self) -> Site:
        return site_of(self.request._request)

    def answer(self, serializer: Any, value: Any, status: int = 200) -> Response:
        """A body that holds something shown once."""
        return Response(serializer(value).data, status=status, headers=_NO_STORE)

    def tokens(self, user: User) -> Response:
        """The end of a log-in: what ``auth/login/`` answers without a second factor."""
        http = self.request._request
        pair = open_api_session(
            user=user, client=client_of(http), tenant=self.tenant, proof=Proof.SECOND_FACTOR
        )
        return login_answer(self.request, user, pair)


class FactorsView(_FactorView):
    """One's own second factors."""

    access = {"get": "factors.view_factor"}
    serializer_class = serializers.FactorsSerializer

    def get(self, request: Request) -> Response:
        rows = list(queries.authenticators(own_profile_id(self.actor)))
        body = {
            "factors": [row for row in rows if row.type != queries.Type.RECOVERY_CODES],
            "recovery_codes_left": queries.recovery_codes_left(rows),
            "required": gate.is_required(self.actor),
        }
        return self.answer(serializers.FactorsSerializer, body)


class FactorView(_FactorView):
    """One of them."""

    access = {"delete": "factors.manage_factor"}
    serializer_class = serializers.FactorSerializer

    @extend_schema(responses={204: None})
    def delete(self, request: Request, factor_id: int) -> Response:
        """Remove it; needs a proof not older than five minutes. With the last one the recovery codes go."""
        enrolment.remove_factor(
            actor=self.actor, factor_id=factor_id, tenant=self.tenant, client=client_of(self.request._request)
        )
        return Response(status=204)


class TotpSetupView(_FactorView):
    """Begin with an authenticator app."""

    access = {"post": "factors.manage_factor"}
    serializer_class = serializers.TotpSetupSerializer

    @extend_schema(request=None, responses=serializers.TotpSetupSerializer)
    def post(self, request: Request) -> Response:
        """A secret as text, address and picture; nothing is stored yet."""
        return self.answer(self.serializer_class, enrolment.begin_totp(actor=self.actor, site=self.site))


class TotpView(_FactorView):
    """Add the app."""

    access = {"post": "factors.manage_factor"}
    throttle_classes = ATTEMPTS
    serializer_class = serializers.TotpSerializer

    @extend_schema(responses={201: serializers.AddedSerializer})
    def post(self, request: Request) -> Response:
        """Confirm the set-up by the code that the app shows now."""
        data = self.valid_data()
        added = enrolment.add_totp(
            actor=self.actor,
            token=data["setup_token"],
            code=data["code"],
            tenant=self.tenant,
            client=client_of(self.request._request),
        )
        return self.answer(serializers.AddedSerializer, added, 201)


class RecoveryCodesView(_FactorView):
    """Codes on paper for the day the device is lost."""

    access = {"post": "factors.manage_factor"}
    serializer_class = serializers.RecoveryCodesSerializer

    @extend_schema(request=None, responses={201: serializers.RecoveryCodesSerializer})
    def post(self, request: Request) -> Response:
        """Make new ones; the old ones are worth nothing any more."""
        codes = enrolment.make_recovery_codes(
            actor=self.actor, tenant=self.tenant, client=client_of(self.request._request)
        )
        return self.answer(self.serializer_class, {"recovery_codes": codes}, 201)


class PasskeyOptionsView(_FactorView):
    """Begin with a passkey."""

    access = {"post": "factors.manage_factor"}
    serializer_class = serializers.CeremonySerializer

    @extend_schema(request=None, responses=serializers.CeremonySerializer)
    def post(self, request: Request) -> Response:
        """What ``navigator.credentials.create`` needs."""
        return self.answer(self.serializer_class, enrolment.begin_passkey(actor=self.actor, site=self.site))


class PasskeyView(_FactorView):
    """Add the passkey."""

    access = {"post": "factors.manage_factor"}
    throttle_classes = ATTEMPTS
    serializer_class = serializers.PasskeySerializer

    @extend_schema(responses={201: serializers.AddedSerializer})
    def post(self, request: Request) -> Response:
        """Keep what the browser made."""
        data = self.valid_data()
        added = enrolment.add_passkey(
            actor=self.actor,
            ceremony=data["ceremony"],
            credential=data["credential"],
            label=data["name"],
            client=client_of(self.request._request),
            site=self.site,
            tenant=self.tenant,
        )
        return self.answer(serializers.AddedSerializer, added, 201)


class LoginOptionsView(_FactorView):
    """Begin to log in by passkey, as the whole log-in or as its second step."""

    access = {"post": "users.sign_in"}
    authentication_classes = ()
    throttle_classes = ATTEMPTS
    serializer_class = serializers.OptionsSerializer

    @extend_schema(responses=serializers.CeremonySerializer)
    def post(self, request: Request) -> Response:
        """What ``navigator.credentials.get`` needs."""
        token = self.valid_data().get("challenge_token", "")
        waiting = memory.look(gate.LOGIN, token) if token else None
        if token and waiting is None:
            raise proving.ChallengeOver
        ceremony = passkeys.begin_assertion(site=self.site, user_id=waiting["user_id"] if waiting else None)
        return self.answer(serializers.CeremonySerializer, ceremony)


class PasskeyLoginView(_FactorView):
    """Log in by passkey alone."""

    access = {"post": "users.sign_in"}
    authentication_classes = ()
    throttle_classes = ATTEMPTS
    serializer_class = serializers.PasskeyLoginSerializer

    @extend_schema(responses=LoginAnswerSerializer)
    def post(self, request: Request) -> Response:
        """The tokens, as after a password and a second factor."""
        data = self.valid_data()
        user = proving.login_by_passkey(
            ceremony=data["ceremony"], assertion=data["credential"], site=self.site, tenant=self.tenant
        )
        return self.tokens(user)


class AuthenticateView(_FactorView):
    """The second step of a log-in."""

    access = {"post": "users.sign_in"}
    authentication_classes = ()
    throttle_classes = ATTEMPTS
    serializer_class = serializers.AuthenticateSerializer

    @extend_schema(responses=LoginAnswerSerializer)
    def post(self, request: Request) -> Response:
        """The tokens, once the challenge of ``auth/login/`` is met."""
        data = self.valid_data()
        user = proving.finish_login(
            token=data["challenge_token"],
            client=client_of(self.request._request),
            tenant=self.tenant,
            site=self.site,
            code=data["code"],
            assertion=data["credential"],
            ceremony=data["ceremony"],
        )
        return self.tokens(user)


class ConfirmOptionsView(_FactorView):
    """Begin to confirm by passkey."""

    access = {"post": "factors.confirm_identity"}
    serializer_class = serializers.CeremonySerializer

    @extend_schema(request=None, responses=serializers.CeremonySerializer)
    def post(self, request: Request) -> Response:
        """What ``navigator.credentials.get`` needs."""
        ceremony = passkeys.begin_assertion(site=self.site, user_id=own_profile_id(self.actor))
        return self.answer(self.serializer_class, ceremony)


class ConfirmView(_FactorView):
    """Prove again who one is, for critical operations (they answer 403 ``step_up_required`` without)."""

    access = {"post": "factors.confirm_identity"}
    throttle_classes = ATTEMPTS
    serializer_class = serializers.ConfirmSerializer

    @extend_schema(responses=serializers.ConfirmedSerializer)
    def post(self, request: Request) -> Response:
        """By code, passkey, or for people without a second factor by password."""
        data = self.valid_data()
        method = proving.confirm_identity(
            actor=self.actor,
            tenant=self.tenant,
            site=self.site,
            password=data["password"],
            client=client_of(self.request._request),
            code=data["code"],
            assertion=data["credential"],
            ceremony=data["ceremony"],
        )
        return Response({"method": method, "expires_in": int(MAX_AGE.total_seconds())})


class ResetView(_FactorView):
    """Help for somebody who lost the device and the recovery codes; on the platform's host."""

    access = {"post": "factors.reset_factor"}
    authentication_classes = FRESH
    serializer_class = serializers.ResetSerializer

    @extend_schema(responses={204: None})
    def post(self, request: Request, user_id: int) -> Response:
        """Take away all factors of a person, with their sessions and tokens; they are told by mail."""
        resetting.reset_factors(
            actor=self.actor,
            user_id=user_id,
            reason=self.valid_data()["reason"],
            client=client_of(request._request),
        )
        return Response(status=204)
