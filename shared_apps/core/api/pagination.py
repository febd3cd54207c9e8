"""Lists in pages of 20, at most 100 (S3-132)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from shared_apps.core.limits import MAX_PAGE_SIZE, PAGE_SIZE


class Pagination(PageNumberPagination):
    """``?page=`` and ``?page_size=``. No such page: 404. A size that is no number: 400. Over 100: 100.

    Both numbers are options of the platform (``core.limits``).
    """

    page_size_query_param = "page_size"

    def get_page_size(self, request: Request) -> int:
        """The asked size within bounds. Raises ValidationError naming ``page_size``."""
        raw = request.query_params.get("page_size")
        if raw is None:
            return PAGE_SIZE.value()
        if not raw.isascii() or not raw.isdigit() or len(raw) > 9 or int(raw) < 1:
            message = _("A whole number from 1 to %(most)d is required.") % {"most": MAX_PAGE_SIZE.value()}
            raise ValidationError({"page_size": [message]})
        return min(int(raw), MAX_PAGE_SIZE.value())

    def get_page_number(self, request: Request, paginator: Any) -> int | str:
        """The asked page. Raises ValidationError naming ``page`` for what is no number."""
        raw = request.query_params.get("page", "1")
        if raw == "last":
            return int(paginator.num_pages)
        if not raw.isascii() or not raw.isdigit() or len(raw) > 9 or int(raw) < 1:
            raise ValidationError({"page": [_("A whole number from 1 is required.")]})
        return int(raw)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """One page of rows; a queryset without an order gets its key's, so that pages do not overlap."""
        if isinstance(queryset, QuerySet) and not queryset.ordered:
            queryset = queryset.order_by("pk")
        return super().paginate_queryset(queryset, request, view)
