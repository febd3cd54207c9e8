"""``/api/v1/users/`` on the platform's host: people as its staff manage them (S4-64, S4-65)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.views import ViewSet

from . import queries
from .authentication import FRESH
from .models import User
from .serializers import UserSerializer
from .services import accounts


class UserViewSet(ViewSet):
    """People of the platform. They are deactivated, never deleted: journals name them."""

    access = {
        "list": "users.view_user",
        "retrieve": "users.view_user",
        "create": "users.create_user",
        "partial_update": "users.change_user",
    }
    authentication_classes = FRESH
    serializer_class = UserSerializer
    lookup_value_regex = r"\d{1,18}"
    filterset_fields = ("role", "tenant", "is_active", "email", "username")
    ordering_fields = ("username", "email", "date_joined", "last_login")
    queryset = User.objects.none()

    def get_queryset(self) -> QuerySet[User]:
        return queries.visible_users(actor_of(self.request))

    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(serializer.validated_data)
        password = values.pop("password")
        user = accounts.create_user(actor=actor_of(request), values=values, password=password)
        return Response(self.get_serializer(user).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        user = accounts.change_user(
            actor=actor_of(request), user_id=int(pk), changes=serializer.validated_data
        )
        return Response(self.get_serializer(user).data)
