"""``settings/``: the options that an organisation may have its own values of."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.pagination import Pagination
from shared_apps.core.api.views import APIView
from shared_apps.users.authentication import FRESH

from . import queries, services


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "boolean"}, {"type": "string"}]})
class PlainField(serializers.Field[Any, Any, Any, Any]):
    """A value as JSON has it: durations in seconds, decimals as text. The option checks what comes in."""

    def to_representation(self, value: Any) -> Any:
        return value

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, bool | int | str):
            raise serializers.ValidationError("A number, true or false, or a text is required.")
        return data


class SettingSerializer(serializers.Serializer[Any]):
    """One setting: its value, where that comes from, and what it may be."""

    name = serializers.CharField()
    label = serializers.CharField(source="option.label")  # type: ignore[assignment]  # a field of that name
    help_text = serializers.CharField(source="option.help_text")  # type: ignore[assignment]
    group = serializers.CharField()
    kind = serializers.CharField(source="option.kind_name")
    unit = serializers.CharField(source="option.shown_unit")
    value = PlainField()
    inherited = PlainField(help_text="What counts when the organisation has no value of its own.")
    origin = serializers.ChoiceField(choices=("default", "platform", "plan", "tenant"))
    minimum = serializers.SerializerMethodField()
    maximum = serializers.SerializerMethodField()
    choices = serializers.SerializerMethodField()
    may_change = serializers.BooleanField()
    changed_at = serializers.DateTimeField(allow_null=True)
    changed_by = serializers.CharField()

    @extend_schema_field(PlainField(allow_null=True))
    def get_minimum(self, setting: queries.Setting) -> Any:
        """The smallest value, null where there is none."""
        return None if setting.option.minimum is None else setting.option.plain(setting.option.minimum)

    @extend_schema_field(PlainField(allow_null=True))
    def get_maximum(self, setting: queries.Setting) -> Any:
        """The largest value, null where there is none."""
        return None if setting.option.maximum is None else setting.option.plain(setting.option.maximum)

    def get_choices(self, setting: queries.Setting) -> list[str]:
        """The values that a choice may have."""
        return [value for value, _label in setting.option.choices]


class SettingInput(serializers.Serializer[Any]):
    """The new value, and why."""

    value = PlainField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=services.REASON_LENGTH)


class SettingChangeSerializer(serializers.Serializer[Any]):
    """One change. Null stands for the inherited value; what the platform changed names nobody."""

    changed_at = serializers.DateTimeField()
    changed_by = serializers.CharField()
    level = serializers.ChoiceField(choices=("platform", "plan", "tenant"))
    before = PlainField(allow_null=True)
    after = PlainField(allow_null=True)
    reason = serializers.CharField()


class SettingPageSerializer(serializers.Serializer[Any]):
    """A page of settings."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = SettingSerializer(many=True)


_NAME = OpenApiParameter("name", OpenApiTypes.STR, "path", description="e.g. users.self_registration")


class SettingListView(APIView):
    """All settings of this organisation."""

    access = {"get": "configuration.view_setting"}

    @extend_schema(
        operation_id="settings_list",
        parameters=[
            OpenApiParameter("search", OpenApiTypes.STR),
            OpenApiParameter("page", OpenApiTypes.INT),
            OpenApiParameter("page_size", OpenApiTypes.INT),
        ],
        responses=SettingPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """In the order of their groups; ``?search=`` looks into names and labels."""
        text = request.query_params.get("search", "").replace("\x00", "")[:100]
        found = queries.settings_of(actor_of(request), text=text)
        pages = Pagination()
        shown = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(SettingSerializer(shown, many=True).data)


class SettingView(APIView):
    """One setting."""

    access = {
        "get": "configuration.view_setting",
        "patch": "configuration.change_setting",
        "delete": "configuration.change_setting",
    }
    authentication_classes = FRESH

    @extend_schema(operation_id="settings_retrieve", parameters=[_NAME], responses=SettingSerializer)
    def get(self, request: Request, name: str) -> Response:
        """Its value, bounds and origin."""
        return Response(SettingSerializer(queries.setting_of(actor_of(request), name)).data)

    @extend_schema(
        operation_id="settings_change",
        parameters=[_NAME],
        request=SettingInput,
        responses=SettingSerializer,
    )
    def patch(self, request: Request, name: str) -> Response:
        """Give the organisation its own value."""
        body = SettingInput(data=request.data)
        body.is_valid(raise_exception=True)
        services.change_setting(actor=actor_of(request), name=name, **body.validated_data)
        return self.get(request, name)

    @extend_schema(
        operation_id="settings_reset", parameters=[_NAME], request=None, responses={200: SettingSerializer}
    )
    def delete(self, request: Request, name: str) -> Response:
        """Take the organisation's own value back; the answer shows what counts now."""
        services.reset_setting(actor=actor_of(request), name=name)
        return self.get(request, name)


class SettingHistoryView(APIView):
    """Who changed a setting, and when."""

    access = {"get": "configuration.view_setting"}

    @extend_schema(
        operation_id="settings_history",
        parameters=[_NAME],
        responses=SettingChangeSerializer(many=True),
    )
    def get(self, request: Request, name: str) -> Response:
        """The latest fifty changes, newest first."""
        changes = queries.history_of(actor_of(request), name)
        return Response(SettingChangeSerializer(changes, many=True).data)
