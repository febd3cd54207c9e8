"""Base classes of our API: repeatable POSTs and ``?fields=`` come with them."""

from __future__ import annotations

from rest_framework import mixins, views, viewsets

from .conditional import ConditionalMixin
from .fields import FieldsMixin
from .idempotency import IdempotentMixin


class APIView(IdempotentMixin, views.APIView):
    """A plain view."""


class GenericViewSet(ConditionalMixin, IdempotentMixin, FieldsMixin, viewsets.GenericViewSet):  # type: ignore[type-arg]
    """A view set that takes its actions from mixins."""


class ReadOnlyViewSet(ConditionalMixin, FieldsMixin, viewsets.ReadOnlyModelViewSet):  # type: ignore[type-arg]
    """List and retrieve."""


class ViewSet(GenericViewSet, mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """List and retrieve; actions that write are declared by the view and call services."""
