"""``members/`` and ``roles/``: who is in the organisation, and what each may be."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from shared_apps.access.drf import actor_of
from shared_apps.core.api.views import GenericViewSet
from shared_apps.users.authentication import FRESH

from . import capabilities, queries, services
from .models import Capability, Member


class MemberSerializer(serializers.ModelSerializer[Member]):
    """A person inside this organisation. ``user`` is the number of the account behind it."""

    user = serializers.IntegerField(source="user_id", read_only=True)

    class Meta:
        model = Member
        fields = [
            "id", "user", "name", "email", "capabilities", "waiting_capabilities", "is_active", "joined_at",
        ]  # fmt: skip
        read_only_fields = fields


class CapabilitiesSerializer(serializers.Serializer[Any]):
    """The new set of capabilities; it replaces the old one."""

    capabilities = serializers.ListField(
        child=serializers.ChoiceField(choices=Capability.choices), max_length=len(Capability)
    )


@extend_schema_field(OpenApiTypes.STR)
class _CapabilityFilter(django_filters.ChoiceFilter):
    """Members that have one capability."""

    def filter(self, qs: QuerySet[Member], value: str) -> QuerySet[Member]:
        return qs.filter(capabilities__contains=[value]) if value else qs


class MissingStepSerializer(serializers.Serializer[Any]):
    """Something that a member has to do first; ``url`` is empty where no page is for it."""

    key = serializers.CharField()
    text = serializers.CharField()
    url = serializers.CharField()


class RequirementSerializer(serializers.Serializer[Any]):
    """One capability of a member: in force, waiting for ``missing``, or not decided."""

    capability = serializers.ChoiceField(choices=Capability.choices)
    state = serializers.ChoiceField(choices=["held", "waiting", "open"])
    missing = MissingStepSerializer(many=True)


class MemberFilter(django_filters.FilterSet):
    """``?capability=trader&is_active=true&search=ann``"""

    capability = _CapabilityFilter(choices=Capability.choices)
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains")

    class Meta:
        model = Member
        fields = ["is_active"]


class MemberViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Members of this organisation: all of them for its leaders and auditors, oneself for everybody else."""

    access = {
        "list": "members.view_member",
        "retrieve": "members.view_member",
        "partial_update": "members.change_capabilities",
        "requirements": "members.view_member",
        "deactivate": "members.deactivate_member",
        "reactivate": "members.deactivate_member",
    }
    authentication_classes = FRESH
    queryset = Member.objects.none()
    serializer_class = MemberSerializer
    filterset_class = MemberFilter
    ordering_fields = ("name", "email", "joined_at")
    ordering = ("name", "id")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Member]:
        return queries.visible_members(actor_of(self.request))

    @extend_schema(request=CapabilitiesSerializer, responses=MemberSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Replace a member's capabilities; an owner is made, and changed, by owners only."""
        body = CapabilitiesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        member = services.change_capabilities(
            actor=actor_of(request), member_id=pk, capabilities=body.validated_data["capabilities"]
        )
        return Response(self.get_serializer(member).data)

    @extend_schema(responses=RequirementSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def requirements(self, request: Request, pk: UUID) -> Response:
        """What this member has still to do before each capability, and where."""
        member = queries.get_member(actor_of(request), pk, "members.view_member")
        return Response(RequirementSerializer(capabilities.requirements(member), many=True).data)

    @extend_schema(request=None, responses=MemberSerializer)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, pk: UUID) -> Response:
        """Shut a member out and end their sessions here; nothing of theirs is deleted."""
        member = services.deactivate_member(actor=actor_of(request), member_id=pk)
        return Response(self.get_serializer(member).data)

    @extend_schema(request=None, responses=MemberSerializer)
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, pk: UUID) -> Response:
        """Let a deactivated member in again."""
        member = services.reactivate_member(actor=actor_of(request), member_id=pk)
        return Response(self.get_serializer(member).data)


class PrerequisiteSerializer(serializers.Serializer[Any]):
    """Something that must be true of a member first."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class RolePermissionSerializer(serializers.Serializer[Any]):
    """A row of the matrix, and how far it reaches for this capability."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    relation = serializers.CharField()


class RoleSerializer(serializers.Serializer[Any]):
    """One capability: what it is for, who gives it, what it presupposes, what it opens."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not DRF's label
    description = serializers.CharField()
    granted_by = serializers.ListField(child=serializers.CharField())
    prerequisites = PrerequisiteSerializer(many=True)
    permissions = RolePermissionSerializer(many=True)


class RoleViewSet(ViewSet):
    """The catalogue of capabilities."""

    access = {"list": "members.view_role"}

    @extend_schema(responses=RoleSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every capability with its label, prerequisites and permissions."""
        return Response(RoleSerializer(capabilities.catalogue(), many=True).data)
