"""Filters and order in query parameters; what is not understood is a 400 and never ignored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import (
    BooleanFilter,
    DateFromToRangeFilter,
    DateTimeFromToRangeFilter,
    DjangoFilterBackend,
    RangeFilter,
)
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request

#: Parameters that every list understands.
_COMMON = frozenset({"page", "page_size", "fields", "ordering", "format", "lang"})


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter, and an unknown parameter is refused: a mistyped filter must not show everything.

    A view that reads further parameters itself names them in ``query_params``.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        names: set[str] = set()
        if filterset is not None:
            names = _parameters(filterset)
            _refuse_unclear_flags(request, filterset)
        refuse_unknown_parameters(request, view, names)
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return filtered


def _parameters(filterset: Any) -> set[str]:
    names = set(filterset.filters)
    for name, each in filterset.filters.items():
        if isinstance(each, RangeFilter | DateFromToRangeFilter | DateTimeFromToRangeFilter):
            names |= {f"{name}_{suffix}" for suffix in each.field.widget.suffixes}
    return names


def _refuse_unclear_flags(request: Request, filterset: Any) -> None:
    # django-filter reads any other word as "no filter".
    unclear = [
        name
        for name, each in filterset.filters.items()
        if isinstance(each, BooleanFilter)
        and request.query_params.get(name, "true").lower() not in ("true", "false")
    ]
    if unclear:
        raise ValidationError({name: [_("Must be true or false.")] for name in unclear})


def refuse_unknown_parameters(request: Request, view: Any, known: Iterable[str]) -> None:
    """Raise ValidationError naming each query parameter that nothing here reads."""
    if not request.query_params:
        return
    allowed = _COMMON | set(known) | set(getattr(view, "query_params", ()))
    unknown = sorted(set(request.query_params) - allowed)
    if unknown:
        choices = ", ".join(sorted(set(known) | set(getattr(view, "query_params", ())))) or "-"
        message = _("There is no such filter. Known: %(names)s.") % {"names": choices}
        raise ValidationError({name: [message] for name in unknown})


class StrictOrderingFilter(OrderingFilter):
    """``?ordering=-created_at,name``; the key is added last, so that pages neither skip nor repeat."""

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        raw = request.query_params.get(self.ordering_param, "")
        fields = [term.strip() for term in raw.split(",") if term.strip()]
        valid = [name for name, _label in self.get_valid_fields(queryset, view, {"request": request})]
        unknown = [term for term in fields if term.removeprefix("-") not in valid]
        if unknown:
            message = _("Cannot be ordered by %(terms)s. Known: %(names)s.") % {
                "terms": ", ".join(unknown),
                "names": ", ".join(valid) or "-",
            }
            raise ValidationError({self.ordering_param: [message]})
        ordering: list[Any] = fields or list(self.get_default_ordering(view) or queryset.query.order_by)
        if not ordering and queryset.query.default_ordering:
            ordering = list(queryset.model._meta.ordering)
        names = {str(term).removeprefix("-") for term in ordering}
        return ordering if names & {"pk", "id"} else [*ordering, "pk"]

    def get_valid_fields(self, queryset: QuerySet[Any], view: Any, context: Any = None) -> list[Any]:
        """Only what the view names: never every column by default."""
        return super().get_valid_fields(queryset, view, context or {}) if view_orders(view) else []


def view_orders(view: Any) -> bool:
    """Whether a view says what its list may be ordered by."""
    return bool(getattr(view, "ordering_fields", None))
