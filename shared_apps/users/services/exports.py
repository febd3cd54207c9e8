"""Everything that is known of a person, as JSON in a zip: asked for, put together by a worker, fetched."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import IO, Any, Final
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.step_up import require_recent
from shared_apps.core import throttling
from shared_apps.core.background import enqueue, plain
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.crypto import seal_file, unseal_file
from shared_apps.core.errors import ConflictError, NotFoundError, TooManyRequestsError
from shared_apps.core.events import emit
from shared_apps.users import hooks
from shared_apps.users.codes import Host
from shared_apps.users.events import DataExportFetched, DataExportRequested
from shared_apps.users.hosts import HostTenant, id_of, inside
from shared_apps.users.models import DataExport, User
from shared_apps.users.options import EXPORT_LIFETIME
from shared_apps.users.units import identity_unit

from .notices import Notice, tell

PURPOSE: Final = "users.data_export"
#: Columns of one's own account that are nobody's to read, not even one's own.
_SECRETS: Final = ("password", "avatar")
_UNFINISHED: Final = (DataExport.Status.QUEUED, DataExport.Status.RUNNING)


def request_export(*, actor: Actor, host: Host) -> DataExport:
    """Have the actor's data put together: on a tenant's host what that tenant knows, on the platform's all.

    Needs a recent proof of identity. Raises StepUpRequired, ConflictError while one is being made,
    TooManyRequestsError after three in a day.
    """
    require_recent(actor)
    with platform_context():
        rows = _own(actor, host.tenant)
        if rows.filter(status__in=_UNFINISHED).exists():
            raise ConflictError("export.running", _("Your data is being put together already."))
    seconds = throttling.hit("data_export", str(actor.user_id))
    if seconds is not None:
        raise TooManyRequestsError(
            "export.too_many", _("You asked three times today. Ask again tomorrow."), retry_after=seconds
        )
    with identity_unit("users.request_export"):
        row = DataExport(user_id=actor.user_id or 0, tenant_id=id_of(host.tenant))
        row.save(force_insert=True)
        with inside(host.tenant):
            emit(DataExportRequested(user_id=row.user_id))
        enqueue("users.build_export", export_id=row.pk, **host.as_arguments())
    return row


def exports_of(actor: Actor, tenant: HostTenant | None) -> list[DataExport]:
    """The actor's exports of this host, newest first."""
    with platform_context():
        return list(_own(actor, tenant)[:10])


def fetch_export(*, actor: Actor, export_id: UUID, tenant: HostTenant | None) -> bytes:
    """The zip of one of the actor's exports. Needs a recent proof; raises NotFoundError, StepUpRequired."""
    require_recent(actor)
    with identity_unit("users.fetch_export"):
        row = _own(actor, tenant).filter(pk=export_id, status=DataExport.Status.READY).first()
        if row is None or row.expires_at is None or row.expires_at <= timezone.now():
            raise NotFoundError("export.not_found", _("There is no such file any more."))
        with storages["default"].open(row.file) as file:
            content = unseal_file(file.read(), row.file_key, purpose=PURPOSE, row=row.pk)
        with inside(tenant):
            emit(DataExportFetched(user_id=row.user_id))
    return content


def build_export(export_id: UUID, *, origin: str) -> None:
    """Put an export together, telling how far it is; done again it begins anew."""
    with platform_context():
        rows = DataExport.objects.select_related("user", "tenant")
        row = rows.filter(pk=export_id).exclude(status=DataExport.Status.READY).first()
    if row is None:
        return
    try:
        with tempfile.TemporaryFile() as made:
            _write(made, row)
            made.seek(0)
            _keep(row, made.read(), origin)
    except Exception:
        _note(row, status=DataExport.Status.FAILED)
        raise


def purge_exports(now: datetime) -> int:
    """Step: delete what can be fetched no more, files first. Returns how many."""
    rows = list(DataExport.objects.filter(expires_at__lte=now))
    for row in rows:
        storages["default"].delete(row.file)
        row.delete()
    return len(rows)


def _own(actor: Actor, tenant: HostTenant | None) -> QuerySet[DataExport]:
    return DataExport.objects.filter(user_id=actor.user_id or 0, tenant_id=id_of(tenant))


def _write(made: IO[bytes], row: DataExport) -> None:
    tenants = _tenants_of(row)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        with platform_context():
            for name, rows in _own_sections(row.user):
                _write_section(archive, f"account/{name}.json", rows)
        for number, tenant in enumerate(tenants):
            _note(row, status=DataExport.Status.RUNNING, progress=10 + 85 * number // len(tenants))
            with tenant_context(tenant):
                for name, rows in hooks.sections_of(row.user_id):
                    _write_section(archive, f"{tenant.slug}/{name}.json", rows)


def _tenants_of(row: DataExport) -> list[HostTenant]:
    if row.tenant is not None:
        return [row.tenant]
    with platform_context():
        memberships = row.user.memberships.select_related("tenant").order_by("pk")
        return [membership.tenant for membership in memberships if membership.tenant.state != "erased"]


def _own_sections(user: User) -> hooks.Sections:
    fields = [field.attname for field in User._meta.concrete_fields if field.name not in _SECRETS]
    yield "profile", User.objects.filter(pk=user.pk).values(*fields)
    parts: dict[str, QuerySet[Any]] = {
        "sessions": user.sessions.all(),
        "memberships": user.memberships.all(),
        "api_tokens": user.api_tokens.all(),
    }
    for name, rows in parts.items():
        yield name, hooks.rows_in_pieces(rows)


def _write_section(archive: zipfile.ZipFile, name: str, rows: Iterable[dict[str, Any]]) -> None:
    with archive.open(name, "w") as file:
        lead = b"[\n"
        for row in rows:
            file.write(lead + json.dumps(plain(row), ensure_ascii=False, indent=1).encode())
            lead = b",\n"
        file.write(b"[]\n" if lead == b"[\n" else b"\n]\n")


def _keep(row: DataExport, content: bytes, origin: str) -> None:
    now = timezone.now()
    with identity_unit("users.build_export"):
        sealed = seal_file(content, purpose=PURPOSE, row=row.pk)
        row.file = storages["default"].save(f"exports/{row.pk.hex}.bin", ContentFile(sealed.content))
        row.file_key, row.size, row.progress = sealed.key, len(content), 100
        row.status, row.finished_at = DataExport.Status.READY, now
        row.expires_at = now + EXPORT_LIFETIME.value()
        row.save()
        tell(row.user_id, Notice.EXPORT_READY, origin=origin, tenant=row.tenant)


def _note(row: DataExport, **changes: Any) -> None:
    with identity_unit("users.build_export"):
        DataExport.objects.filter(pk=row.pk).update(**changes)
