"""One's own account beyond the profile: address, picture, devices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as fields
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.core.errors import NotFoundError

from . import avatars, queries
from .api import _ATTEMPTS, _IdentityView
from .models import Session
from .serializers import (
    AddressField,
    CodeField,
    DetailSerializer,
    PasswordField,
    ProfileSerializer,
    SessionSerializer,
)
from .services import accounts, addresses, devices


class EmailChangeSerializer(fields.Serializer[Any]):
    email = AddressField(max_length=254)
    password = PasswordField()


class EmailCodeSerializer(fields.Serializer[Any]):
    otp = CodeField()


class EmailUndoSerializer(fields.Serializer[Any]):
    token = fields.CharField(max_length=1024)


class AvatarSerializer(fields.Serializer[Any]):
    avatar = fields.FileField(max_length=200, write_only=True)


class PushTokenSerializer(fields.Serializer[Any]):
    """The token that a push service gave this device, and what its person calls it."""

    push_token = fields.RegexField(r"^[\x21-\x7e]+\Z", max_length=255, write_only=True)
    device_name = fields.CharField(max_length=100, required=False, allow_blank=True)


class EmailChangeView(_IdentityView):
    """Ask for another address: a code goes there. The answer is the same where it is somebody's."""

    access = {"post": "users.change_self"}
    throttle_classes = _ATTEMPTS
    serializer_class = EmailChangeSerializer

    @extend_schema(responses=DetailSerializer)
    def post(self, request: Request) -> Response:
        data = self.valid_data()
        addresses.request_email_change(
            actor=self.actor, password=data["password"], new_email=data["email"], host=self.host
        )
        return Response({"detail": _("Look into the new mailbox: a code is on its way.")})


class EmailConfirmView(_IdentityView):
    """Bring the code out of the new mailbox; both addresses are told."""

    access = {"post": "users.change_self"}
    throttle_classes = _ATTEMPTS
    serializer_class = EmailCodeSerializer

    @extend_schema(responses=ProfileSerializer)
    def post(self, request: Request) -> Response:
        addresses.confirm_email_change(actor=self.actor, code=self.valid_data()["otp"], host=self.host)
        body = ProfileSerializer(queries.own_profile(self.actor), context=self.get_serializer_context())
        return Response(body.data)


class EmailProveView(_IdentityView):
    """Send a code to the address that one has, where nobody proved it yet.

    ``email/change/confirm/`` takes the code.
    """

    access = {"post": "users.change_self"}
    throttle_classes = _ATTEMPTS
    serializer_class = DetailSerializer

    @extend_schema(request=None, responses=DetailSerializer)
    def post(self, request: Request) -> Response:
        addresses.request_confirmation(actor=self.actor, host=self.host)
        return Response({"detail": _("Look into your mailbox: a code is on its way.")})


class EmailUndoView(_IdentityView):
    """Give an account back to its old address, by the link of its letter; all sessions end."""

    access = {"post": "users.reset_password"}
    authentication_classes = ()
    throttle_classes = _ATTEMPTS
    serializer_class = EmailUndoSerializer

    @extend_schema(responses=DetailSerializer)
    def post(self, request: Request) -> Response:
        addresses.undo_email_change(token=self.valid_data()["token"], host=self.host)
        return Response(
            {"detail": _("The old address holds again. A code for a new password is on its way.")}
        )


class AvatarView(_IdentityView):
    """One's own picture: small, square, and made anew from what was sent."""

    access = {"get": "users.view_self", "put": "users.change_self", "delete": "users.change_self"}
    serializer_class = AvatarSerializer
    parser_classes = (MultiPartParser,)

    @extend_schema(responses={(200, avatars.CONTENT_TYPE): OpenApiTypes.BINARY})
    def get(self, request: Request) -> HttpResponse:
        return avatar_answer(queries.own_profile(self.actor).avatar)

    @extend_schema(responses=ProfileSerializer)
    def put(self, request: Request) -> Response:
        accounts.change_avatar(actor=self.actor, upload=self.valid_data()["avatar"])
        body = ProfileSerializer(queries.own_profile(self.actor), context=self.get_serializer_context())
        return Response(body.data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        accounts.change_avatar(actor=self.actor, upload=None)
        return Response(status=204)


def avatar_answer(name: str) -> HttpResponse:
    """A picture as an answer that no browser takes for a page. Raises NotFoundError without one."""
    content = avatars.read(name) if name else None
    if content is None:
        raise NotFoundError("avatar.none", _("There is no picture."))
    return HttpResponse(
        content,
        content_type=avatars.CONTENT_TYPE,
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": 'inline; filename="avatar.webp"',
            "Cache-Control": "private, max-age=3600",
        },
    )


class DeviceListView(ListModelMixin, _IdentityView):
    """Devices that get push messages: sessions with a push token (S2-48, S2-58)."""

    access = {"get": "users.view_self", "post": "users.change_self"}
    serializer_class = SessionSerializer
    filter_backends = ()

    def get_queryset(self) -> Any:
        rows = queries.own_sessions(self.actor, self.tenant).exclude(push_token="")
        return rows.select_related("tenant")

    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(request=PushTokenSerializer, responses={201: SessionSerializer})
    def post(self, request: Request) -> Response:
        """Give the session in use its device's push token; another session that had it loses it."""
        serializer = PushTokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        session: Session = devices.register_device(
            actor=self.actor,
            push_token=data["push_token"],
            device_name=data.get("device_name", ""),
            tenant=self.tenant,
        )
        return Response(self.get_serializer(session).data, status=201)


class DeviceView(_IdentityView):
    """One device of one's own."""

    access = {"delete": "users.change_self"}
    serializer_class = SessionSerializer

    @extend_schema(responses={204: None})
    def delete(self, request: Request, session_id: UUID) -> Response:
        """Send no more push messages to it; its session goes on."""
        devices.forget_device(actor=self.actor, session_id=session_id, tenant=self.tenant)
        return Response(status=204)
