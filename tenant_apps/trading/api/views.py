"""Orders, executions and positions: doors that call queries and services."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from shared_apps.access.drf import actor_of
from shared_apps.core.api.body import RawJSON
from shared_apps.core.api.fields import requested_fields
from shared_apps.core.api.filters import refuse_unknown_parameters
from shared_apps.core.api.pagination import Pagination
from shared_apps.core.api.views import GenericViewSet, ReadOnlyViewSet
from shared_apps.market_data.queries import last_prices
from shared_apps.users.authentication import FRESH
from tenant_apps.trading import order_list, queries, services
from tenant_apps.trading.models import Execution, Order, Position
from tenant_apps.trading.rules.states import OrderStatus
from tenant_apps.trading_accounts.venues.base import Side

from .serializers import (
    CancelInput,
    ExecutionSerializer,
    OrderDetailSerializer,
    OrderInput,
    OrderSerializer,
    PositionSerializer,
)

_LIST_PARAMETERS = [
    OpenApiParameter("trading_account", UUID),
    OpenApiParameter("bot", UUID),
    OpenApiParameter("symbol", str),
    OpenApiParameter("side", str, enum=[side.value for side in Side]),
    OpenApiParameter("status", str, enum=[state.value for state in OrderStatus]),
    OpenApiParameter("created_after", str, description="ISO 8601; included."),
    OpenApiParameter("created_before", str, description="ISO 8601; left out."),
    OpenApiParameter("ordering", str, enum=sorted(order_list.ORDERINGS)),
]


class OrderViewSet(mixins.RetrieveModelMixin, GenericViewSet):
    """Orders to venues: each member's own; staff and auditors of the tenant see all."""

    access = {
        "list": "trading.view_order",
        "retrieve": "trading.view_order",
        "create": "trading.place_order",
        "cancel": "trading.cancel_order",
    }
    queryset = Order.objects.none()
    serializer_class = OrderDetailSerializer
    filter_backends = ()
    lookup_value_converter = "uuid"

    def get_authenticators(self) -> list[Any]:
        """Who places or cancels an order is looked up in the database; reading may trust the last seconds."""
        request = self.request
        if request is not None and request.method == "POST":
            return [kind() for kind in FRESH]
        return super().get_authenticators()

    def get_queryset(self) -> QuerySet[Order]:
        return queries.visible_orders(actor_of(self.request)).prefetch_related("events")

    @extend_schema(parameters=_LIST_PARAMETERS, responses=OrderSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List orders, the latest first."""
        refuse_unknown_parameters(request, self, order_list.FILTERS)
        asked, wrong = {}, {}
        parameters = request.query_params
        for name in order_list.FILTERS.keys() & parameters.keys():
            try:
                asked[name] = order_list.FILTERS[name].read(parameters[name])
            except ValueError:
                wrong[name] = [_("This value cannot be read.")]
        ordering = parameters.get("ordering", "-created_at")
        if ordering not in order_list.ORDERINGS:
            known = ", ".join(sorted(order_list.ORDERINGS))
            wrong["ordering"] = [_("Known: %(names)s.") % {"names": known}]
        if wrong:
            raise ValidationError(wrong)
        pagination = Pagination()
        size, page = pagination.get_page_size(request), pagination.get_page_number(request, None)
        count, text = order_list.orders_json(
            actor_of(request),
            fields=tuple(requested_fields(request, list(order_list.COLUMNS))),
            filters=asked,
            ordering=ordering,
            limit=size,
            offset=(int(page) - 1) * size,
        )
        return Response(_page(request, int(page), size, count, text))

    @extend_schema(request=OrderInput, responses={201: OrderSerializer})
    def create(self, request: Request) -> Response:
        """Place an order on an account of your own. It is sent to the venue right after the answer."""
        data = OrderInput(data=request.data)
        data.is_valid(raise_exception=True)
        asked = dict(data.validated_data)
        order = services.place_order(
            actor=actor_of(request), trading_account_id=asked.pop("trading_account"), **asked
        )
        return Response(OrderSerializer(order).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CancelInput, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Cancel what is not filled yet: at once, or by asking the venue (`pending_cancel`)."""
        data = CancelInput(data=request.data)
        data.is_valid(raise_exception=True)
        order = services.cancel_order(actor=actor_of(request), order_id=pk, **data.validated_data)
        return Response(OrderSerializer(order).data)


def _page(request: Request, page: int, size: int, count: int, text: str) -> dict[str, Any]:
    """The body of a list around rows that are JSON already. Raises NotFound for a page that is not there."""
    pages = max(1, -(-count // size))
    if page > pages:
        raise NotFound(_("There is no such page."))
    address = request.build_absolute_uri() if pages > 1 else ""
    after = replace_query_param(address, "page", page + 1) if page < pages else None
    before = None
    if page == 2:
        before = remove_query_param(address, "page")
    elif page > 2:
        before = replace_query_param(address, "page", page - 1)
    return {"count": count, "next": after, "previous": before, "results": RawJSON(text)}


class ExecutionFilter(filters.FilterSet):
    """Executions by order, account, instrument and time."""

    executed_after = filters.IsoDateTimeFilter(field_name="executed_at", lookup_expr="gte")
    executed_before = filters.IsoDateTimeFilter(field_name="executed_at", lookup_expr="lt")

    class Meta:
        model = Execution
        fields = ("order", "trading_account", "symbol", "side")


class ExecutionViewSet(ReadOnlyViewSet):
    """Fills, the latest first."""

    access = {"list": "trading.view_execution", "retrieve": "trading.view_execution"}
    queryset = Execution.objects.none()
    serializer_class = ExecutionSerializer
    filterset_class = ExecutionFilter
    ordering_fields = ("executed_at", "created_at")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Execution]:
        return queries.visible_executions(actor_of(self.request))


class PositionFilter(filters.FilterSet):
    """`?open=true`: positions that hold something."""

    open = filters.BooleanFilter(field_name="quantity", lookup_expr="exact", method="filter_open")

    class Meta:
        model = Position
        fields = ("trading_account", "symbol")

    def filter_open(self, queryset: QuerySet[Position], _name: str, value: bool) -> QuerySet[Position]:
        """Only what is open, or only what is flat."""
        return queryset.exclude(quantity=0) if value else queryset.filter(quantity=0)


class PositionViewSet(ReadOnlyViewSet):
    """What the accounts hold, valued at the last price."""

    access = {
        "list": "trading.view_position",
        "retrieve": "trading.view_position",
        "close": "trading.close_position",
    }
    queryset = Position.objects.none()
    serializer_class = PositionSerializer
    filterset_class = PositionFilter
    ordering_fields = ("symbol", "updated_at")
    lookup_value_converter = "uuid"
    authentication_classes = FRESH

    def get_queryset(self) -> QuerySet[Position]:
        return queries.visible_positions(actor_of(self.request))

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """The serializer with the last prices of the rows at hand."""
        rows = args[0] if args else []
        rows = rows if isinstance(rows, list) else [rows]
        prices = last_prices(row.symbol for row in rows)
        context = {**self.get_serializer_context(), **kwargs.pop("context", {}), "prices": prices}
        return super().get_serializer(*args, context=context, **kwargs)

    @extend_schema(request=None, responses={201: OrderSerializer})
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: UUID) -> Response:
        """Close a position with a market order over all of it."""
        order = services.close_position(actor=actor_of(request), position_id=pk)
        return Response(OrderSerializer(order).data, status=status.HTTP_201_CREATED)
