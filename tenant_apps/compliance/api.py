"""``identity/``: have one's identity checked, and decide on others'."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.views import APIView, ViewSet
from shared_apps.core.errors import NotFoundError
from shared_apps.users.authentication import FRESH

from . import documents, queries, services
from .models import IdentityCase, IdentityDocument
from .options import MINIMUM_AGE


class CaseSerializer(serializers.ModelSerializer[IdentityCase]):
    """A case without what the person showed. ``is_simulated``: no real provider has looked."""

    member_name = serializers.CharField(source="member.name", read_only=True)

    class Meta:
        model = IdentityCase
        fields = [
            "id", "member", "member_name", "state", "document_kind", "document_expires_on", "provider",
            "is_simulated", "submitted_at", "decided_at", "reason", "valid_until",
        ]  # fmt: skip
        read_only_fields = fields


class DetailsSerializer(serializers.Serializer[Any]):
    """What a person says of themselves."""

    legal_name = serializers.CharField(max_length=200)
    birth_date = serializers.DateField()
    country = serializers.CharField(max_length=2)
    document_kind = serializers.ChoiceField(choices=IdentityCase.DocumentKind.choices)
    document_number = serializers.CharField(max_length=40)
    document_expires_on = serializers.DateField()


class SubmissionSerializer(DetailsSerializer):
    """The same with its pictures, as multipart form data; a passport has no back."""

    front = serializers.FileField()
    back = serializers.FileField(required=False)
    selfie = serializers.FileField()


class OwnIdentitySerializer(serializers.Serializer[Any]):
    """Whether one is known, and the latest case (null: none)."""

    is_known = serializers.BooleanField()
    minimum_age = serializers.IntegerField()
    case = CaseSerializer(allow_null=True)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why not; the person reads it."""

    reason = serializers.CharField(max_length=services.REASON_LENGTH)


class OwnIdentityView(APIView):
    """One's own identity."""

    access = {"get": "compliance.view_case", "post": "compliance.submit_case"}
    parser_classes = (MultiPartParser,)

    @extend_schema(operation_id="identity_retrieve", responses=OwnIdentitySerializer)
    def get(self, request: Request) -> Response:
        """The latest case and whether it holds."""
        return Response(_own(request))

    @extend_schema(
        operation_id="identity_submit",
        request={"multipart/form-data": SubmissionSerializer},
        responses={201: OwnIdentitySerializer},
    )
    def post(self, request: Request) -> Response:
        """Submit a case; the provider's word follows."""
        body = SubmissionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(body.validated_data)
        pictures = {side: given.pop(side, None) for side in IdentityDocument.Side.values}
        services.submit_case(actor=actor_of(request), details=services.Details(**given), pictures=pictures)
        return Response(_own(request), status=201)


def _own(request: Request) -> dict[str, Any]:
    case = queries.own_cases(actor_of(request)).first()
    known = case is not None and queries.is_known(case.member)
    answer = {"is_known": known, "minimum_age": MINIMUM_AGE.value(), "case": case}
    data: dict[str, Any] = OwnIdentitySerializer(answer).data
    return data


class WithdrawView(APIView):
    """One's own open case."""

    access = {"post": "compliance.submit_case"}

    @extend_schema(operation_id="identity_withdraw", request=None, responses=OwnIdentitySerializer)
    def post(self, request: Request) -> Response:
        """Take it back."""
        actor = actor_of(request)
        case = queries.own_cases(actor).filter(state__in=("pending", "in_review")).first()
        if case is None:
            raise NotFoundError("identity.none_open", "You have no open case.")
        services.withdraw_case(actor=actor, case_id=case.pk)
        return Response(_own(request))


class CaseFilter(django_filters.FilterSet):
    """``?state=in_review``"""

    class Meta:
        model = IdentityCase
        fields = ["state"]


class CaseViewSet(ViewSet):
    """Cases: one's own, and for those who decide everybody's."""

    access = {
        "list": "compliance.view_case",
        "retrieve": "compliance.view_case",
        "details": "compliance.view_details",
        "document": "compliance.view_details",
        "approve": "compliance.decide_case",
        "reject": "compliance.decide_case",
    }
    authentication_classes = FRESH
    queryset = IdentityCase.objects.none()
    serializer_class = CaseSerializer
    filterset_class = CaseFilter
    ordering_fields = ("submitted_at", "decided_at")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[IdentityCase]:
        return queries.visible_cases(actor_of(self.request))

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters are the list's; a single case has parameters of its own (``side``)."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    @extend_schema(responses=DetailsSerializer, filters=False)
    @action(detail=True)
    def details(self, request: Request, pk: UUID) -> Response:
        """What the person showed; that it was read is logged."""
        _case, details = services.view_details(actor=actor_of(request), case_id=pk)
        return Response(DetailsSerializer(details).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("side", OpenApiTypes.STR, required=True, enum=IdentityDocument.Side.values)
        ],
        responses={(200, documents.CONTENT_TYPE): OpenApiResponse(OpenApiTypes.BINARY)},
        filters=False,
    )
    @action(detail=True)
    def document(self, request: Request, pk: UUID) -> HttpResponse:
        """One picture as JPEG; that it was read is logged."""
        side = request.query_params.get("side", "")
        content = services.view_document(actor=actor_of(request), case_id=pk, side=side)
        return picture(content)

    @extend_schema(request=None, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: UUID) -> Response:
        """Decide that the person is who they say; nobody decides on themselves."""
        case = services.approve_case(actor=actor_of(request), case_id=pk)
        return Response(self.get_serializer(case).data)

    @extend_schema(request=ReasonSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: UUID) -> Response:
        """Decide that the person is not known, also after an approval."""
        body = ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        case = services.reject_case(actor=actor_of(request), case_id=pk, **body.validated_data)
        return Response(self.get_serializer(case).data)


def picture(content: bytes) -> HttpResponse:
    """A picture that no cache keeps and no browser takes for anything else."""
    response = HttpResponse(content, content_type=documents.CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Disposition"] = "inline"
    return response
