"""Sharing in the API: a mixin for view sets whose objects can be shared."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of

from . import queries, services


class ReachSerializer(serializers.Serializer[Any]):
    """A member who can see the object, and why: a capability, ``own``, ``shared`` or ``member``."""

    member = serializers.UUIDField(source="member_id")
    name = serializers.CharField()
    why = serializers.CharField()


class ShareSerializer(serializers.Serializer[Any]):
    """A member with whom the object is shared."""

    member = serializers.UUIDField(source="pk")
    name = serializers.CharField()
    email = serializers.EmailField()


class ShareInput(serializers.Serializer[Any]):
    """The address of the member to share with."""

    email = serializers.EmailField(max_length=254)


class SharingMixin:
    """``…/{id}/shares/`` and ``…/{id}/reach/`` for the objects of ``shareable_kind``.

    The view set's ``access`` names permissions for ``shares``, ``share``, ``unshare`` and ``reach``.
    """

    shareable_kind: ClassVar[str]

    @extend_schema(responses=ShareSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def shares(self, request: Request, pk: UUID) -> Response:
        """With whom the object is shared."""
        found = queries.shares_of(actor_of(request), self.shareable_kind, pk)
        return Response(ShareSerializer(found, many=True).data)

    @extend_schema(request=ShareInput, responses={201: ShareSerializer})
    @shares.mapping.post
    def share(self, request: Request, pk: UUID) -> Response:
        """Let a member see the object. Sharing it with them again changes nothing."""
        body = ShareInput(data=request.data)
        body.is_valid(raise_exception=True)
        recipient = services.share_object(
            actor=actor_of(request),
            kind=self.shareable_kind,
            object_id=pk,
            email=body.validated_data["email"],
        )
        return Response(ShareSerializer(recipient).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    @action(detail=True, methods=["delete"], url_path="shares/<uuid:member_id>")
    def unshare(self, request: Request, pk: UUID, member_id: UUID) -> Response:
        """Take the share back."""
        services.unshare_object(
            actor=actor_of(request), kind=self.shareable_kind, object_id=pk, member_id=member_id
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=ReachSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def reach(self, request: Request, pk: UUID) -> Response:
        """Everybody who can see the object now, and why."""
        found = queries.reach_of(actor_of(request), self.shareable_kind, pk)
        return Response(ReachSerializer(found, many=True).data)
