"""``Idempotency-Key``: a request sent twice has its effect once (attack table, row 24).

The key's row, the effect and the answer commit in one transaction, in the schema of the request, keyed by
user, route and key. A repeated request gets the stored answer; with another body it is refused (422);
while the first one still runs the second is told so (409). Failed requests leave no key: they changed
nothing and may be sent again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connection
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from psycopg import errors as psycopg_errors
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.core.errors import ConflictError, DomainError, UnprocessableError
from shared_apps.core.ids import uuid7
from shared_apps.core.models import IdempotencyKey
from shared_apps.core.transactions import DoorTransaction

_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")


class IdempotentMixin:
    """For DRF views: POST honours ``Idempotency-Key``. Put it before the view class.

    ``idempotent = False`` switches it off where an answer must not be kept (it shows a secret once).
    Anonymous requests have no one to keep an answer for: their key is ignored.
    """

    idempotent = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After authentication, permissions and throttles: wrap the handler of a keyed POST."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if request.method != "POST" or key is None or not self.idempotent or request.user.pk is None:
            return
        if not _KEY.match(key):
            raise DomainError(
                "idempotency.key_invalid",
                _("Idempotency-Key must be 1 to 200 visible ASCII characters."),
                field="Idempotency-Key",
            )
        handler = self.post  # type: ignore[has-type]
        self.post = lambda *a, **k: self._once(key, handler, *a, **k)

    def _once(
        self, key: str, handler: Callable[..., Any], request: Request, *args: Any, **kwargs: Any
    ) -> Any:
        digest = request_digest(request)
        match = request.resolver_match
        endpoint = str(match.route if match else request.path)[:200]
        user_id = request.user.pk
        assert user_id is not None
        with DoorTransaction():
            claimed = _claim(user_id, endpoint, key, digest)
            if isinstance(claimed, HttpResponse):
                return claimed
            response: HttpResponseBase = handler(request, *args, **kwargs)
            if isinstance(response, Response):
                self.finalize_response(request, response)  # type: ignore[attr-defined]
                response.render()
            if response.status_code >= 400 or not isinstance(response, HttpResponse):
                connection.set_rollback(True)
                return response
            IdempotencyKey.objects.filter(pk=claimed).update(
                status_code=response.status_code,
                content_type=response.get("Content-Type", "")[:100],
                body=response.content,
            )
            return response


def request_digest(request: Request) -> str:
    """SHA-256 over what a repeated request must have in common: path, query and content."""
    digest = hashlib.sha256(f"{request.get_full_path()}\n".encode())
    if request.content_type.startswith("multipart/form-data"):
        # The boundary differs each time: the parts are compared, files by their content.
        for name, values in sorted(request.POST.lists()):
            digest.update(repr((name, values)).encode())
        for name, uploads in sorted(request.FILES.lists()):
            for upload in uploads:
                digest.update(f"{name} {upload.name} ".encode())
                for chunk in upload.chunks():
                    digest.update(chunk)
                upload.seek(0)
    else:
        digest.update(request._request.body)
    return digest.hexdigest()


def _claim(user_id: int, endpoint: str, key: str, digest: str) -> Any:
    """The id of the new key row, or the answer that was given before. Raises 409 and 422."""
    key_id = uuid7()
    with connection.cursor() as cursor:
        # How long to wait for a request with the same key that is under way.
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
        try:
            cursor.execute(
                "INSERT INTO core_idempotencykey"
                " (id, user_id, endpoint, key, request_hash, content_type, created_at)"
                " VALUES (%s, %s, %s, %s, %s, '', now())"
                " ON CONFLICT (user_id, endpoint, key) DO NOTHING",
                [key_id, user_id, endpoint, key, digest],
            )
        except OperationalError as error:
            if isinstance(error.__cause__, psycopg_errors.LockNotAvailable):
                raise ConflictError(
                    "idempotency.in_flight", _("A request with this Idempotency-Key is still running.")
                ) from None
            raise
        inserted = cursor.rowcount == 1
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    if inserted:
        return key_id
    row = IdempotencyKey.objects.get(user_id=user_id, endpoint=endpoint, key=key)
    if row.request_hash != digest:
        raise UnprocessableError(
            "idempotency.key_reused", _("This Idempotency-Key was used for a different request.")
        )
    response = HttpResponse(
        bytes(row.body or b""), status=row.status_code, content_type=row.content_type or None
    )
    response["Idempotency-Replayed"] = "true"
    return response
