"""What the API says and takes about second factors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from shared_apps.users.serializers import PasswordField


@extend_schema_field({"type": "object", "additionalProperties": True})
class PublicKeyField(serializers.JSONField):
    """An object of WebAuthn, as ``PublicKeyCredential.toJSON()`` writes it."""


class CodeField(serializers.CharField):
    """A code of the app (six digits) or a recovery code; blanks and dashes do not count."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, write_only=True, **kwargs)


class FactorSerializer(serializers.Serializer[Any]):
    """One factor. ``method`` is ``totp`` or ``webauthn``."""

    id = serializers.IntegerField(source="pk")
    method = serializers.CharField(source="type")
    name = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)

    def get_name(self, row: Any) -> str:
        return str(row.data.get("name", ""))


@extend_schema_serializer(component_name="FactorOverview")
class FactorsSerializer(serializers.Serializer[Any]):
    """All of one's own."""

    factors = FactorSerializer(many=True)
    recovery_codes_left = serializers.IntegerField()
    required = serializers.BooleanField(  # type: ignore[assignment]
        help_text="Whether one must have a factor on this host."
    )


class TotpSetupSerializer(serializers.Serializer[Any]):
    """For an authenticator app: shown once, stored when the first code confirms it."""

    setup_token = serializers.CharField(source="token")
    secret = serializers.CharField()
    otpauth_url = serializers.CharField(source="address")
    qr_svg = serializers.CharField(source="picture")


class TotpSerializer(serializers.Serializer[Any]):
    setup_token = serializers.CharField(max_length=1024)
    code = CodeField()


class AddedSerializer(serializers.Serializer[Any]):
    """The new factor; with the first one come recovery codes, shown now and never again."""

    factor = FactorSerializer(source="row")
    recovery_codes = serializers.ListField(child=serializers.CharField())


@extend_schema_serializer(component_name="NewRecoveryCodes")
class RecoveryCodesSerializer(serializers.Serializer[Any]):
    recovery_codes = serializers.ListField(child=serializers.CharField())


class CeremonySerializer(serializers.Serializer[Any]):
    """``public_key`` is for ``navigator.credentials``; ``ceremony`` goes back with the browser's answer."""

    ceremony = serializers.CharField(source="token")
    public_key = PublicKeyField(source="options")


class PasskeySerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    ceremony = serializers.CharField(max_length=100)
    credential = PublicKeyField()


class PasskeyLoginSerializer(serializers.Serializer[Any]):
    ceremony = serializers.CharField(max_length=100)
    credential = PublicKeyField()


class OptionsSerializer(serializers.Serializer[Any]):
    """With the challenge of a log-in, the options name that person's passkeys."""

    challenge_token = serializers.CharField(max_length=100, required=False, allow_blank=True)


class _ProofSerializer(serializers.Serializer[Any]):
    code = CodeField(required=False, allow_blank=True, default="")
    ceremony = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    credential = PublicKeyField(required=False, allow_null=True, default=None)


class AuthenticateSerializer(_ProofSerializer):
    """The second step: the challenge with a ``code``, or with ``ceremony`` and ``credential``."""

    challenge_token = serializers.CharField(max_length=100)


class ConfirmSerializer(_ProofSerializer):
    """A ``code``, or ``ceremony`` and ``credential``, or for people without a factor the ``password``."""

    password = PasswordField(required=False, allow_blank=True, default="")


class ConfirmedSerializer(serializers.Serializer[Any]):
    method = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds for which critical operations are open.")


class ResetSerializer(serializers.Serializer[Any]):
    """How the staff know that it is the person."""

    reason = serializers.CharField(max_length=255)
