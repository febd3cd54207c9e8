"""Where providers tell us: no session, no token, no form; what holds is a signature."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shared_apps.core.context import AUDIT
from shared_apps.core.errors import DomainError

from .options import WEBHOOK_BYTES
from .services import deliveries


class TooLargeError(DomainError):
    """More than a notification has to say."""

    status = 413


class ReceivedSerializer(serializers.Serializer[Any]):
    """``new`` is false for a notification that had come before."""

    received = serializers.BooleanField()
    new = serializers.BooleanField()


class WebhookView(APIView):
    """Notifications of one account at a provider."""

    access = {"post": "payments.receive_notification"}
    authentication_classes = ()
    throttle_classes = ()

    @extend_schema(
        operation_id="payments_webhook",
        request={"application/json": {"type": "object"}},
        responses={
            200: ReceivedSerializer,
            400: OpenApiResponse(description="No JSON, a signature that does not hold, or too old"),
            404: OpenApiResponse(description="No such account"),
            413: OpenApiResponse(description="Too large"),
        },
    )
    def post(self, request: Request, provider: str, configuration: UUID) -> Response:
        """Store a notification once; 200 after it is committed."""
        most = WEBHOOK_BYTES.value()
        raw = request._request.read(most + 1)
        if len(raw) > most:
            raise TooLargeError("payments.webhook_too_large", _("This is too large for a notification."))
        new = deliveries.receive(
            provider=provider,
            configuration_id=configuration,
            headers=dict(request._request.headers),
            raw=raw,
            remote_addr=AUDIT.get().remote_addr,
        )
        return Response({"received": True, "new": new})
