"""To-dos over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.views import ViewSet

from . import services
from .models import TITLE_LENGTH, Todo
from .queries import visible_todos


class TodoSerializer(serializers.ModelSerializer[Todo]):
    """A to-do as it is read."""

    done = serializers.BooleanField(read_only=True)

    class Meta:
        model = Todo
        fields = ("id", "title", "due_on", "done", "done_at", "member", "created_at")
        read_only_fields = fields


class TodoInput(serializers.Serializer[Any]):
    """What may be said of a new to-do."""

    title = serializers.CharField(max_length=TITLE_LENGTH)
    due_on = serializers.DateField(required=False, allow_null=True)


class TodoChange(TodoInput):
    """What may be changed; all of it is optional."""

    title = serializers.CharField(max_length=TITLE_LENGTH, required=False)
    done = serializers.BooleanField(required=False)


class TodoFilter(filters.FilterSet):
    """``?done=true``, ``?due_before=2026-12-31``, ``?due_after=…``."""

    done = filters.BooleanFilter(field_name="done_at", lookup_expr="isnull", exclude=True)
    due_before = filters.DateFilter(field_name="due_on", lookup_expr="lte")
    due_after = filters.DateFilter(field_name="due_on", lookup_expr="gte")

    class Meta:
        model = Todo
        fields: tuple[str, ...] = ()


class TodoViewSet(ViewSet):
    """The members' lists: each member's own; auditors of the tenant read all."""

    access = {
        "list": "todos.view_todo",
        "retrieve": "todos.view_todo",
        "create": "todos.create_todo",
        "partial_update": "todos.change_todo",
        "destroy": "todos.delete_todo",
    }
    queryset = Todo.objects.none()
    serializer_class = TodoSerializer
    filterset_class = TodoFilter
    ordering_fields = ("created_at", "due_on", "title")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Todo]:
        return visible_todos(actor_of(self.request))

    @extend_schema(request=TodoInput, responses={201: TodoSerializer})
    def create(self, request: Request) -> Response:
        """Put a line on your own list."""
        data = TodoInput(data=request.data)
        data.is_valid(raise_exception=True)
        todo = services.create_todo(actor=actor_of(request), **data.validated_data)
        return Response(TodoSerializer(todo).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=TodoChange, responses={200: TodoSerializer})
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change a line of your list, tick it off or reopen it."""
        data = TodoChange(data=request.data)
        data.is_valid(raise_exception=True)
        todo = services.change_todo(actor=actor_of(request), todo_id=pk, **data.validated_data)
        return Response(TodoSerializer(todo).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Take a line off your list for good."""
        services.delete_todo(actor=actor_of(request), todo_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
