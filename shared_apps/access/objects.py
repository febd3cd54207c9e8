"""Grants on single objects: share a trading account with a manager, hand a dispute to a moderator.

The rows are django-guardian's, in the tenant's own schema; :func:`~shared_apps.access.scoping.scope` reads
them in SQL. The functions here are steps: the calling service has opened the transaction and checked that
its actor may share this object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.auth.models import Permission as DjangoPermission
from django.db import DEFAULT_DB_ALIAS, router, transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import override

from shared_apps.core.content_types import content_type_id
from shared_apps.core.context import PUBLIC, current_schema, platform_context
from shared_apps.core.errors import DomainError
from shared_apps.core.events import emit

from .actors import Actor
from .catalogue import Permission, Relation, all_permissions, get_permission, widest
from .events import ObjectShared, ObjectUnshared


@dataclass(frozen=True, slots=True)
class Grant:
    """That a person has a permission on one object."""

    permission: str
    user_id: int


def share(*, actor: Actor, permission: str, obj: Model, recipient_user_id: int) -> bool:
    """Give a person one permission on one object; False if they had it already.

    The caller makes sure that the recipient is an active member. Raises DomainError
    ``access.not_shareable`` when objects of this kind are not shared under this permission.
    """
    row = _shareable(permission, obj)
    _, created = _grants().get_or_create(
        user_id=recipient_user_id,
        permission_id=_permission_id(row),
        content_type_id=_content_type(row),
        object_pk=str(obj.pk),
    )
    if created:
        emit(
            ObjectShared(
                permission=permission,
                object_pk=str(obj.pk),
                recipient_user_id=recipient_user_id,
                shared_by=actor.user_id,
            )
        )
    return bool(created)


def unshare(*, actor: Actor, permission: str, obj: Model, recipient_user_id: int) -> bool:
    """Take a shared permission back; False if there was nothing to take."""
    row = _shareable(permission, obj)
    removed, _ = (
        _grants()
        .filter(
            user_id=recipient_user_id,
            permission_id=_permission_id(row),
            content_type_id=_content_type(row),
            object_pk=str(obj.pk),
        )
        .delete()
    )
    if removed:
        emit(
            ObjectUnshared(
                permission=permission,
                object_pk=str(obj.pk),
                recipient_user_id=recipient_user_id,
                unshared_by=actor.user_id,
            )
        )
    return bool(removed)


def grant_creator(*, actor: Actor, obj: Model) -> list[str]:
    """Give a new object's creator what the matrix calls OWN for the creator's columns.

    Called where an object of a shareable kind is made. Where a column names the owner too, ``own=Q(...)``
    finds it by that; the grant says in the same words as a share who had it from the beginning. Returns the
    permissions granted.
    """
    if actor.user_id is None:
        return []
    granted = [
        row.name
        for row in all_permissions()
        if row.model == obj._meta.label and widest(row.cells, actor.columns) is Relation.OWN
    ]
    for name in granted:
        share(actor=actor, permission=name, obj=obj, recipient_user_id=actor.user_id)
    return granted


def grants_on(obj: Model) -> list[Grant]:
    """Every grant on one object: with whom it is shared, and what they may."""
    rows = [row for row in all_permissions() if row.model == obj._meta.label]
    if not rows:
        return []
    names = {_permission_id(row): row.name for row in rows}
    found = _grants().filter(
        content_type_id=_content_type(rows[0]), permission_id__in=list(names), object_pk=str(obj.pk)
    )
    pairs = found.order_by("user_id", "permission_id").values_list("permission_id", "user_id")
    return [Grant(names[permission_id], user_id) for permission_id, user_id in pairs]


def forget_object(obj: Model) -> int:
    """Delete the grants of an object that is being deleted; guardian's rows have no foreign key to it."""
    number, _ = (
        _grants()
        .filter(
            content_type_id=content_type_id(obj._meta.app_label, obj._meta.model_name or ""),
            object_pk=str(obj.pk),
        )
        .delete()
    )
    return int(number)


def _shareable(permission: str, obj: Model) -> Permission:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("sharing is a step of a service's transaction")
    row = get_permission(permission)
    if row.model != obj._meta.label or current_schema() == PUBLIC:
        raise DomainError("access.not_shareable", _("This cannot be shared."))
    return row


def _grants() -> Any:
    return apps.get_model(settings.GUARDIAN_USER_OBJ_PERMS_MODEL)._default_manager


def _content_type(row: Permission) -> int:
    return content_type_id(*row.model.lower().split("."))


def _permission_id(row: Permission) -> int:
    return _look_up_permission(_content_type(row), row.codename)


@lru_cache(maxsize=512)
def _look_up_permission(content_type: int, codename: str) -> int:
    with platform_context():
        rows = DjangoPermission.objects.filter(content_type_id=content_type, codename=codename)
        return rows.values_list("pk", flat=True).get()


def create_django_permissions(
    app_config: AppConfig, using: str = DEFAULT_DB_ALIAS, apps: Any = apps, **_kwargs: Any
) -> None:
    """Give each shareable permission the ``auth.Permission`` row that guardian's grants point to.

    A receiver of post_migrate: it runs after django.contrib.auth's own, in the public schema.
    """
    try:
        django_permission = apps.get_model("auth", "Permission")
    except LookupError:
        return
    if not router.allow_migrate_model(using, django_permission):
        return
    rows = [row for row in all_permissions() if row.model and row.app_label == app_config.label]
    with override(None):
        _create_missing(django_permission.objects.using(using), rows)


def _create_missing(manager: Any, rows: Iterable[Permission]) -> None:
    for row in rows:
        manager.get_or_create(
            content_type_id=_content_type(row),
            codename=row.codename,
            defaults={"name": str(row.label)[:255]},
        )
