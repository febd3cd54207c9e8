"""``invitations/`` and ``join-links/``: letting people in."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.views import GenericViewSet
from shared_apps.core.throttling import AuthenticationThrottle, RequestThrottle
from shared_apps.users.authentication import FRESH
from shared_apps.users.hosts import HostTenant, client_of, host_tenant
from shared_apps.users.services.invited import NewPerson, has_account

from . import queries, rules, services
from .csv_lines import read_lines
from .models import Capability, Invitation, JoinLink
from .services.join_links import find_join_link

_ATTEMPTS = (AuthenticationThrottle, RequestThrottle)


def _capabilities() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.ChoiceField(choices=Capability.choices), max_length=len(Capability)
    )


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An address that was invited; the link itself is in the mail and nowhere else."""

    state = serializers.ChoiceField(choices=rules.INVITATION_STATES, read_only=True)
    invited_by = serializers.UUIDField(source="invited_by_id", read_only=True)
    accepted_by = serializers.UUIDField(source="accepted_by_id", read_only=True, allow_null=True)
    join_link = serializers.UUIDField(source="join_link_id", read_only=True, allow_null=True)

    class Meta:
        model = Invitation
        fields = [
            "id", "email", "capabilities", "state", "invited_by", "join_link", "created_at", "expires_at",
            "accepted_at", "accepted_by", "withdrawn_at",
        ]  # fmt: skip
        read_only_fields = fields


class InvitationInput(serializers.Serializer[Any]):
    """Whom to invite, and what they will be."""

    email = serializers.EmailField(max_length=254)
    capabilities = _capabilities()


class LineErrorSerializer(serializers.Serializer[Any]):
    """Why a line was not taken; lines count from 1, the heading included."""

    line = serializers.IntegerField()
    field = serializers.CharField(allow_blank=True)
    message = serializers.CharField()


class ImportedSerializer(serializers.Serializer[Any]):
    """What became of a file: how many lines it had, who was invited, and each line that was not taken."""

    lines = serializers.IntegerField()
    invited = InvitationSerializer(many=True)
    line_errors = LineErrorSerializer(many=True, source="errors")


class TokenInput(serializers.Serializer[Any]):
    """The token of a link."""

    token = serializers.CharField(max_length=100)


class AcceptInput(TokenInput):
    """With an account: its password. Without one: a name, and the password that the account gets."""

    password = serializers.CharField(max_length=128, trim_whitespace=False, required=False, default="")
    first_name = serializers.CharField(max_length=150, required=False, default="", allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, default="", allow_blank=True)


class ShownInvitationSerializer(serializers.Serializer[Any]):
    """What the invited person sees before they accept."""

    email = serializers.EmailField()
    tenant_name = serializers.CharField()
    invited_by = serializers.CharField()
    capabilities = _capabilities()
    expires_at = serializers.DateTimeField()
    has_account = serializers.BooleanField()


class AcceptedSerializer(serializers.Serializer[Any]):
    """Who came in; log in with the same password."""

    email = serializers.EmailField()
    member = serializers.UUIDField()
    capabilities = _capabilities()
    waiting_capabilities = _capabilities()
    is_new_account = serializers.BooleanField()


@extend_schema_field(OpenApiTypes.STR)
class _StateFilter(django_filters.ChoiceFilter):
    """Invitations in one state, as of now."""

    def filter(self, qs: QuerySet[Invitation], value: str) -> QuerySet[Invitation]:
        return queries.in_state(qs, value) if value else qs


class InvitationFilter(django_filters.FilterSet):
    """``?state=pending&search=ann``"""

    state = _StateFilter(choices=[(state, state) for state in rules.INVITATION_STATES])
    search = django_filters.CharFilter(field_name="email", lookup_expr="icontains")

    class Meta:
        model = Invitation
        fields: list[str] = []


class CSVParser(BaseParser):
    """``text/csv`` as the stream that it is."""

    media_type = "text/csv"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream


def _origin(request: Request) -> str:
    return request._request.build_absolute_uri("/").rstrip("/")


def _tenant(request: Request) -> HostTenant:
    tenant = host_tenant(request._request)
    assert tenant is not None  # these addresses exist on tenants' hosts only
    return tenant


class InvitationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Invitations of this organisation, and their acceptance by whoever has the link."""

    access = {
        "list": "members.view_invitation",
        "retrieve": "members.view_invitation",
        "create": "members.invite_member",
        "import_file": "members.invite_member",
        "resend": "members.invite_member",
        "withdraw": "members.invite_member",
        "preview": "members.use_invitation",
        "accept": "members.use_invitation",
    }
    authentication_classes = FRESH
    queryset = Invitation.objects.none()
    serializer_class = InvitationSerializer
    filterset_class = InvitationFilter
    ordering_fields = ("email", "created_at", "expires_at")
    ordering = ("-created_at", "-id")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Invitation]:
        return queries.visible_invitations(actor_of(self.request))

    @extend_schema(
        request=InvitationInput,
        responses={201: InvitationSerializer},
    )
    def create(self, request: Request) -> Response:
        """Invite somebody; the mail with the link goes to that address alone."""
        body = InvitationInput(data=request.data)
        body.is_valid(raise_exception=True)
        invitation = services.invite_member(
            actor=actor_of(request), origin=_origin(request), **body.validated_data
        )
        return Response(self.get_serializer(invitation).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request={"text/csv": OpenApiTypes.BINARY},
        responses=ImportedSerializer,
        parameters=[
            OpenApiParameter(
                "take", str, enum=["all", "good"], default="all",
                description="`all`: nobody is invited when one line is wrong. `good`: the right lines are.",
            )
        ],
        filters=False,
    )  # fmt: skip
    @action(
        detail=False, methods=["post"], url_path="import", parser_classes=[CSVParser], pagination_class=None
    )
    def import_file(self, request: Request) -> Response:
        """Invite everybody in a CSV file: an address in each line and, behind a comma, capabilities apart by
        spaces. The answer names each line that was not taken."""
        take = request.query_params.get("take", "all")
        if take not in ("all", "good"):
            raise serializers.ValidationError({"take": [f"“{take}”: all | good"]})
        stream: Any = request.data or BytesIO()
        result = services.import_invitations(
            actor=actor_of(request),
            lines=read_lines(iter(lambda: stream.read(8192), b"")),
            take_good_ones=take == "good",
            origin=_origin(request),
        )
        return Response(ImportedSerializer(result).data)

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: UUID) -> Response:
        """Send the mail again with a new link, for another full time."""
        invitation = services.resend_invitation(
            actor=actor_of(request), invitation_id=pk, origin=_origin(request)
        )
        return Response(self.get_serializer(invitation).data)

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Make the link void."""
        invitation = services.withdraw_invitation(actor=actor_of(request), invitation_id=pk)
        return Response(self.get_serializer(invitation).data)

    @extend_schema(request=TokenInput, responses=ShownInvitationSerializer)
    @action(detail=False, methods=["post"], throttle_classes=_ATTEMPTS)
    def preview(self, request: Request) -> Response:
        """What an invitation offers, for whoever has its link."""
        body = TokenInput(data=request.data)
        body.is_valid(raise_exception=True)
        invitation = queries.find_invitation(body.validated_data["token"])
        shown = {
            "email": invitation.email,
            "tenant_name": _tenant(request).name,
            "invited_by": invitation.invited_by.name,
            "capabilities": invitation.capabilities,
            "expires_at": invitation.expires_at,
            "has_account": has_account(invitation.email),
        }
        return Response(ShownInvitationSerializer(shown).data)

    @extend_schema(request=AcceptInput, responses=AcceptedSerializer)
    @action(detail=False, methods=["post"], throttle_classes=_ATTEMPTS)
    def accept(self, request: Request) -> Response:
        """Come in. An invitation can be accepted once, by the account with its address."""
        body = AcceptInput(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        person = None
        if given["first_name"]:
            person = NewPerson(
                password=given["password"], first_name=given["first_name"], last_name=given["last_name"]
            )
        accepted = services.accept_invitation(
            actor=actor_of(request),
            token=given["token"],
            tenant=_tenant(request),
            client=client_of(request._request),
            password=given["password"],
            person=person,
        )
        shown = {
            "email": accepted.user.email,
            "member": accepted.member.pk,
            "capabilities": accepted.member.capabilities,
            "waiting_capabilities": accepted.member.waiting_capabilities,
            "is_new_account": accepted.is_new_account,
        }
        return Response(AcceptedSerializer(shown).data)


class JoinLinkSerializer(serializers.ModelSerializer[JoinLink]):
    """A link that lets people ask for an invitation. ``url`` is there once, in the answer that made it."""

    created_by = serializers.UUIDField(source="created_by_id", read_only=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = JoinLink
        fields = [
            "id", "label", "capabilities", "max_uses", "uses", "created_by", "created_at", "expires_at",
            "revoked_at", "url",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, link: JoinLink) -> str:
        """The address to publish; empty after the first time."""
        return str(self.context.get("url", ""))


class JoinLinkInput(serializers.Serializer[Any]):
    """What a new join link gives, to how many, until when."""

    label = serializers.CharField(max_length=100)  # type: ignore[assignment]  # a field of that name
    capabilities = _capabilities()
    max_uses = serializers.IntegerField(min_value=1, max_value=1_000_000)
    expires_at = serializers.DateTimeField()


class AskInput(TokenInput):
    """Whose address the invitation goes to."""

    email = serializers.EmailField(max_length=254)


class JoinLinkViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Join links of this organisation."""

    access = {
        "list": "members.view_invitation",
        "retrieve": "members.view_invitation",
        "create": "members.invite_member",
        "revoke": "members.invite_member",
        "ask": "members.use_invitation",
    }
    authentication_classes = FRESH
    idempotent = False  # the answer to POST shows the address once
    queryset = JoinLink.objects.none()
    serializer_class = JoinLinkSerializer
    ordering_fields = ("label", "created_at", "expires_at")
    ordering = ("-created_at", "-id")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[JoinLink]:
        return queries.visible_join_links(actor_of(self.request))

    @extend_schema(request=JoinLinkInput, responses={201: JoinLinkSerializer})
    def create(self, request: Request) -> Response:
        """Make a join link; its address is shown in this answer only."""
        body = JoinLinkInput(data=request.data)
        body.is_valid(raise_exception=True)
        link, token = services.create_join_link(actor=actor_of(request), **body.validated_data)
        url = f"{_origin(request)}/invitation/ask/?token={token}"
        return Response(JoinLinkSerializer(link, context={"url": url}).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=JoinLinkSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: UUID) -> Response:
        """Close a join link."""
        link = services.revoke_join_link(actor=actor_of(request), join_link_id=pk)
        return Response(self.get_serializer(link).data)

    @extend_schema(request=AskInput, responses={202: None})
    @action(detail=False, methods=["post"], throttle_classes=_ATTEMPTS)
    def ask(self, request: Request) -> Response:
        """Have an invitation sent to one's own address; the answer never says whose it is."""
        body = AskInput(data=request.data)
        body.is_valid(raise_exception=True)
        find_join_link(body.validated_data["token"])
        services.ask_by_join_link(origin=_origin(request), **body.validated_data)
        return Response(status=status.HTTP_202_ACCEPTED)
