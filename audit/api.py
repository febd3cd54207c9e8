"""``audit/events/``: who did what, for the auditors of an organisation and of the platform."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from shared_apps.access.drf import actor_of
from shared_apps.core.api.fields import requested_fields
from shared_apps.core.api.filters import refuse_unknown_parameters
from shared_apps.core.api.pagination import Pagination
from shared_apps.core.api.views import GenericViewSet

from . import queries

#: Numbered pages are walked from the top; what lies deeper is reached by ``next`` or a narrower filter.
MAX_DEPTH = 10_000


class WhoSerializer(serializers.Serializer[Any]):
    """Who did it: a user by ``id`` and ``email``, a part of the system by ``label``, a database ``role``."""

    id = serializers.IntegerField(allow_null=True)
    email = serializers.CharField()
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not DRF's label
    role = serializers.CharField()
    impersonator_id = serializers.IntegerField(allow_null=True)


class EventSerializer(serializers.Serializer[Any]):
    """One line of the log: a captured row (``change``) or what a person did, in one word (``event``)."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=["change", "event"])
    timestamp = serializers.DateTimeField()
    action = serializers.CharField()
    actor = WhoSerializer()
    object_type = serializers.CharField()
    object_id = serializers.CharField()
    changes = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(allow_null=True), min_length=2, max_length=2),
        help_text=gettext_lazy("Old and new value by field, as text; *** for secrets"),
    )
    details = serializers.DictField(child=serializers.JSONField())
    target_id = serializers.IntegerField(allow_null=True)
    request_id = serializers.CharField()
    remote_addr = serializers.CharField()
    reason = serializers.CharField()


class EventQuery(serializers.Serializer[Any]):
    """Filters; all of them must hold."""

    actor = serializers.CharField(
        required=False, max_length=254, help_text=gettext_lazy("User number, e-mail, part of the system")
    )
    action = serializers.CharField(
        required=False,
        max_length=50,
        help_text=gettext_lazy("create, update, delete, or an event such as role_changed"),
    )
    object_type = serializers.CharField(
        required=False, max_length=100, help_text=gettext_lazy("For example trading.order")
    )
    object_id = serializers.CharField(required=False, max_length=255)
    request_id = serializers.CharField(required=False, max_length=64)
    since = serializers.DateTimeField(required=False, help_text=gettext_lazy("From this moment on"))
    until = serializers.DateTimeField(required=False, help_text=gettext_lazy("Before this moment"))
    text = serializers.CharField(required=False, max_length=100)
    cursor = serializers.CharField(
        required=False, max_length=100, help_text=gettext_lazy("A place in the list, from next or previous")
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        since, until = attrs.get("since"), attrs.get("until")
        if since and until and until <= since:
            raise ValidationError({"until": [_("The end must be after the beginning.")]})
        return attrs


class EventPagination(Pagination):
    """Pages whose ``next`` and ``previous`` are places in the list: new events do not shift them."""

    request: Request
    _older = _newer = ""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """One page of an EventList. Raises ValidationError naming ``page`` or ``cursor``."""
        self.request, self.total = request, queryset.count()
        size, cursor = self.get_page_size(request), request.query_params.get("cursor")
        if cursor is None:
            rows, more_newer, more_older = self._numbered(queryset, request, size)
        else:
            rows, more_newer, more_older = self._from_place(queryset, cursor, size)
        if rows and more_older:
            self._older = f"-{rows[-1].position.token()}"
        if rows and more_newer:
            self._newer = f"~{rows[0].position.token()}"
        return rows

    def _numbered(self, events: queries.EventList, request: Request, size: int) -> tuple[Any, bool, bool]:
        pages = max(1, -(-self.total // size))
        number = int(self.get_page_number(request, _Pages(pages)))
        if number > pages:
            raise NotFound(_("There is no such page."))
        if number * size > MAX_DEPTH:
            message = _("Only the newest %(count)d events have numbers; follow next, or narrow the filters.")
            raise ValidationError({"page": [message % {"count": MAX_DEPTH}]})
        rows = events[(number - 1) * size : number * size + 1]
        return rows[:size], number > 1, len(rows) > size

    def _from_place(self, events: queries.EventList, cursor: str, size: int) -> tuple[Any, bool, bool]:
        position = queries.Position.parse(cursor[1:])
        if cursor.startswith("~"):
            rows = events.newer_than(position, size + 1)
            return rows[-size:], len(rows) > size, True
        rows = events.older_than(position, size + 1)
        return rows[:size], True, len(rows) > size

    def get_paginated_response(self, data: Any) -> Response:
        """The contract's body."""
        return Response(
            {
                "count": self.total,
                "next": self._address(self._older),
                "previous": self._address(self._newer),
                "results": data,
            }
        )

    def _address(self, cursor: str) -> str | None:
        if not cursor:
            return None
        url = remove_query_param(self.request.build_absolute_uri(), "page")
        return replace_query_param(url, "cursor", cursor)


class _Pages:
    """What get_page_number asks of a paginator."""

    def __init__(self, num_pages: int) -> None:
        self.num_pages = num_pages


class EventViewSet(GenericViewSet):
    """The log of this organisation, or on the platform's host the platform's: changes and events."""

    access = {"list": queries.PERMISSION}
    serializer_class = EventSerializer
    pagination_class = EventPagination
    filter_backends = ()
    query_params = tuple(EventQuery().fields)

    @extend_schema(parameters=[EventQuery])
    def list(self, request: Request) -> Response:
        """Newest first. Numbered pages reach the newest 10,000; ``next`` goes on from any place."""
        refuse_unknown_parameters(request, self, ())
        if request.query_params.get("ordering", "-timestamp") != "-timestamp":
            raise ValidationError({"ordering": [_("The log is ordered by -timestamp only.")]})
        query = EventQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        filters = {name: value for name, value in query.validated_data.items() if name != "cursor"}
        events = queries.visible_events(actor_of(request), queries.Filters(**filters))
        paginator = EventPagination()
        page: list[queries.AuditEvent] = paginator.paginate_queryset(events, request, view=self)
        fields = requested_fields(request, list(EventSerializer().fields))
        return paginator.get_paginated_response([_as_json(event, fields) for event in page])


def _as_json(event: queries.AuditEvent, fields: list[str]) -> dict[str, Any]:
    """What EventSerializer would give, without its cost; a test compares the two."""
    who = event.actor
    values: dict[str, Any] = {
        "id": event.id,
        "kind": event.kind,
        "timestamp": event.timestamp.isoformat().replace("+00:00", "Z"),
        "action": event.action,
        "actor": {
            "id": who.id,
            "email": who.email,
            "name": who.name,
            "label": who.label,
            "role": who.role,
            "impersonator_id": who.impersonator_id,
        },
        "object_type": event.object_type,
        "object_id": event.object_id,
        "changes": event.changes,
        "details": event.details,
        "target_id": event.target_id,
        "request_id": event.request_id,
        "remote_addr": event.remote_addr,
        "reason": event.reason,
    }
    return {name: values[name] for name in fields}
