"""One's own data: everything in one file, or nothing any more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as fields
from rest_framework.request import Request
from rest_framework.response import Response

from .api import _IdentityView
from .models import DataExport
from .serializers import AddressField, DetailSerializer
from .services import erasure, exports


class ExportSerializer(fields.ModelSerializer[DataExport]):
    """A file of one's own data and how far it is, in per cent."""

    class Meta:
        model = DataExport
        fields = ("id", "status", "progress", "size", "created_at", "finished_at", "expires_at")
        read_only_fields = fields


class EraseSerializer(fields.Serializer[Any]):
    """The address of the account, typed, so that nobody does it by mistake."""

    email = AddressField(max_length=254)


class ExportListView(_IdentityView):
    """Ask for one's data (three times a day), and see how far it is."""

    access = {"get": "users.view_self", "post": "users.export_self"}
    serializer_class = ExportSerializer
    queryset = DataExport.objects.none()
    pagination_class = None

    @extend_schema(operation_id="auth_user_exports_list", responses=ExportSerializer(many=True))
    def get(self, request: Request) -> Response:
        rows = exports.exports_of(self.actor, self.tenant)
        return Response(self.get_serializer(rows, many=True).data)

    @extend_schema(request=None, responses={202: ExportSerializer})
    def post(self, request: Request) -> Response:
        row = exports.request_export(actor=self.actor, host=self.host)
        return Response(self.get_serializer(row).data, status=202)


class ExportView(_IdentityView):
    """The file itself: a zip of JSON."""

    access = {"get": "users.export_self"}
    serializer_class = ExportSerializer

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, export_id: UUID) -> HttpResponse:
        return zip_answer(exports.fetch_export(actor=self.actor, export_id=export_id, tenant=self.tenant))


class EraseView(_IdentityView):
    """Delete one's account on the whole platform, at once and for good."""

    access = {"post": "users.erase_self"}
    serializer_class = EraseSerializer

    @extend_schema(responses=DetailSerializer)
    def post(self, request: Request) -> Response:
        erasure.erase_account(actor=self.actor, email=self.valid_data()["email"], host=self.host)
        return Response({"detail": _("Your account is deleted.")})


def zip_answer(content: bytes) -> HttpResponse:
    """A file to keep, never to show, that no cache keeps."""
    return HttpResponse(
        content,
        content_type="application/zip",
        headers={
            "Content-Disposition": 'attachment; filename="my-data.zip"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
