"""What the API says and takes about accounts (S4-64) and sessions (C2)."""

from __future__ import annotations

from typing import Any

from dj_rest_auth.serializers import LoginSerializer as RestAuthLoginSerializer
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from .models import Session, User
from .services import login
from .services.accounts import OWN_FIELDS

_USER_FIELDS = (
    "id", "username", "email", "first_name", "last_name", "role", "tenant", "tenant_name", "is_active",
    "phone_number", "bio", "url", "company", "location", "birth_date", "date_joined", "last_login",
)  # fmt: skip


def avatar_url(user: User) -> str | None:
    """Where a person's own picture is; changes with the picture, None without one."""
    if not user.avatar:
        return None
    return f"{reverse('auth-avatar')}?v={user.avatar.rpartition('/')[2][:8]}"


#: What only oneself is told beside the fields of S4-64.
_OWN_MORE = ("account_type", "language", "time_zone", "theme", "email_verified", "avatar_url")


class PasswordField(serializers.CharField):
    """A password, taken as it was typed, spaces included."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            style={"input_type": "password"}, trim_whitespace=False, max_length=128, write_only=True, **kwargs
        )


class AddressField(serializers.EmailField):
    """An e-mail address in lower case, as it is stored and compared."""

    def to_internal_value(self, data: Any) -> str:
        return str(super().to_internal_value(data)).lower()


class ProfileSerializer(serializers.ModelSerializer[User]):
    """One's own account: all fields to read, :data:`OWN_FIELDS` to write, everything else is ignored."""

    tenant_name = serializers.CharField(source="tenant.name", read_only=True, default=None, allow_null=True)
    email_verified = serializers.SerializerMethodField()
    avatar_url = serializers.SerializerMethodField()

    def get_email_verified(self, user: User) -> bool:
        return user.email_verified_at is not None

    def get_avatar_url(self, user: User) -> str | None:
        return avatar_url(user)

    class Meta:
        model = User
        fields: tuple[str, ...] = (*_USER_FIELDS, *_OWN_MORE)
        read_only_fields: tuple[str, ...] = tuple(name for name in _USER_FIELDS if name not in OWN_FIELDS)


class UserSerializer(ProfileSerializer):
    """A person as the platform's staff see and write them; the password goes in and never comes out."""

    email_verified = None  # type: ignore[assignment]
    avatar_url = None  # type: ignore[assignment]
    email = AddressField(max_length=254, validators=[UniqueValidator(queryset=User.objects.all())])
    password = PasswordField(required=False)

    class Meta(ProfileSerializer.Meta):
        fields = (*_USER_FIELDS, "password")
        read_only_fields = ("date_joined", "last_login")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None and "password" not in attrs:
            raise serializers.ValidationError({"password": [_("This field is required.")]})
        return attrs


class LoginSerializer(RestAuthLoginSerializer):
    """``username`` or ``email``, and ``password``."""

    username = serializers.CharField(required=False, allow_blank=True, max_length=254)
    email = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    password = PasswordField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        identifier = attrs.get("email") or attrs.get("username")
        if not identifier:
            raise serializers.ValidationError({"username": [_("Give a user name or an e-mail address.")]})
        attrs["user"] = login.check_credentials(
            request=self.context["request"]._request, identifier=identifier, password=attrs["password"]
        )
        return attrs


class TokensSerializer(serializers.Serializer[Any]):
    """A pair of tokens in both spellings (C2)."""

    access_token = serializers.CharField(source="access")
    refresh_token = serializers.CharField(source="refresh")
    access = serializers.CharField()
    refresh = serializers.CharField()


class LoginAnswerSerializer(TokensSerializer):
    """The same with the person they are for."""

    user = UserSerializer()


class ChallengeSerializer(serializers.Serializer[Any]):
    """The password was right, and a second factor is due: go on at ``auth/mfa/authenticate/``."""

    mfa_required = serializers.BooleanField(default=True)
    challenge_token = serializers.CharField(source="token")
    methods = serializers.ListField(child=serializers.CharField())
    expires_in = serializers.IntegerField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {
            "mfa_required": True,
            "challenge_token": instance.token,
            "methods": list(instance.methods),
            "expires_in": instance.expires_in,
        }


class RefreshSerializer(serializers.Serializer[Any]):
    """The refresh token; without it the cookie is looked at."""

    refresh = serializers.CharField(required=False, allow_blank=True, max_length=2048)


class _NewPasswordSerializer(serializers.Serializer[Any]):
    new_password1 = PasswordField()
    new_password2 = PasswordField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["new_password1"] != attrs["new_password2"]:
            raise serializers.ValidationError({"new_password2": [_("The two passwords are not the same.")]})
        return attrs


class PasswordChangeSerializer(_NewPasswordSerializer):
    old_password = PasswordField()


class CodeField(serializers.RegexField):
    """A one-time code; blanks between its digits do not matter."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            r"^\s*(?:[0-9]\s*){6}\Z",
            max_length=20,
            error_messages={"invalid": _("The code has six digits.")},
            **kwargs,
        )


class PasswordResetConfirmSerializer(_NewPasswordSerializer):
    """The code of the mail and the new password, twice."""

    email = serializers.EmailField(max_length=254)
    otp = CodeField()


class PasswordResetSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)


class VerifyEmailSerializer(serializers.Serializer[Any]):
    """The code of the mail that a registration sent."""

    email = serializers.EmailField(max_length=254)
    otp = CodeField()
    registration_token = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=500,
        help_text="Of the registration's answer.",
    )
    password = PasswordField(
        required=False, default="", allow_blank=True, help_text="For who registered somewhere else."
    )


class ResendEmailSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)


class RegistrationSerializer(serializers.Serializer[Any]):
    """``password1`` and ``password2``, or ``password`` alone."""

    email = serializers.EmailField(max_length=254)
    username = serializers.RegexField(
        r"^[\w.+-]+\Z",
        required=False,
        allow_blank=True,
        max_length=150,
        error_messages={"invalid": _("Letters, digits and . + - _ only.")},
    )
    first_name = serializers.CharField(required=False, allow_blank=True, max_length=150)
    last_name = serializers.CharField(required=False, allow_blank=True, max_length=150)
    password1 = PasswordField(required=False)
    password2 = PasswordField(required=False)
    password = PasswordField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first = attrs.get("password1") or attrs.get("password")
        if not first:
            raise serializers.ValidationError({"password1": [_("This field is required.")]})
        if attrs.get("password2", first) != first:
            raise serializers.ValidationError({"password2": [_("The two passwords are not the same.")]})
        return {**attrs, "password": first}


class DetailSerializer(serializers.Serializer[Any]):
    """An answer in words."""

    detail = serializers.CharField()


class SessionSerializer(serializers.ModelSerializer[Session]):
    """A signed-in device."""

    current = serializers.SerializerMethodField()
    device_label = serializers.CharField(read_only=True)
    has_push_token = serializers.SerializerMethodField()
    tenant_name = serializers.CharField(source="tenant.name", read_only=True, default=None, allow_null=True)

    class Meta:
        model = Session
        fields = (
            "id", "kind", "tenant_name", "device_name", "device_label", "has_push_token", "user_agent",
            "remote_addr", "created_at", "last_seen_at",
            "expires_at", "current",
        )  # fmt: skip
        read_only_fields = fields

    def get_current(self, session: Session) -> bool:
        actor = self.context["request"]._request.actor
        return bool(session.pk == actor.session_id)

    def get_has_push_token(self, session: Session) -> bool:
        return bool(session.push_token)


class EndedSerializer(serializers.Serializer[Any]):
    ended = serializers.IntegerField()


class TicketSerializer(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField()
