"""From the matrix to SQL: which rows an actor may see or change."""

from __future__ import annotations

from typing import Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db.models import BooleanField, ExpressionWrapper, Model, Q, QuerySet, UUIDField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from shared_apps.core.content_types import content_type_id
from shared_apps.core.errors import ForbiddenError, NotFoundError

from .actors import Actor
from .catalogue import Relation, can, get_permission, in_scope

_Row = TypeVar("_Row", bound=Model)
_NOTHING = Q(pk__in=[])
_EVERYTHING = ~Q(pk__in=[])


def reach(actor: Actor, permission: str, own: Q | None = None) -> Q:
    """The condition that rows must meet for this actor under this permission.

    ``own`` says which rows belong to the actor; without it, under :attr:`Relation.OWN`, only rows that
    were shared do. Rows shared with the person count for a permission that names a model, whatever the
    matrix says of their columns: a share is a decision about one object.
    """
    relation = can(actor, permission)
    if relation is not None and relation > Relation.OWN:
        return _EVERYTHING
    condition = _NOTHING if relation is None or own is None else own
    return condition | _shared(actor, permission)


def _shared(actor: Actor, permission: str) -> Q:
    found = shared_ids(actor, permission)
    return _NOTHING if found is None else Q(pk__in=found)


def has_shares(actor: Actor, permission: str) -> bool:
    """Whether objects can be shared with the actor under a permission at all."""
    row = get_permission(permission)
    if not row.model or not actor.is_authenticated or actor.on_platform or actor.user_id is None:
        return False
    return in_scope(row, actor.scopes) and actor.only is None


def shared_ids(actor: Actor, permission: str) -> QuerySet[Any, Any] | None:
    """Keys of the objects that were shared with the actor under a permission, as a subquery; None where
    nothing can be. What belongs to such an object is seen with it: ``Q(account_id__in=shared_ids(...))``."""
    if not has_shares(actor, permission):
        return None
    row = get_permission(permission)
    grants = apps.get_model(settings.GUARDIAN_USER_OBJ_PERMS_MODEL)
    content_type = content_type_id(*row.model.lower().split("."))
    objects = grants._default_manager.filter(
        user_id=actor.user_id,
        content_type_id=content_type,
        permission__content_type_id=content_type,
        permission__codename=row.codename,
    )
    found: QuerySet[Any, Any] = objects.values(key=Cast("object_pk", UUIDField()))
    return found


def scope(queryset: QuerySet[_Row], actor: Actor, permission: str, own: Q | None = None) -> QuerySet[_Row]:
    """The rows of ``queryset`` that the actor may have under ``permission``; one statement, no loop."""
    return queryset.filter(reach(actor, permission, own))


def get_for(
    actor: Actor,
    queryset: QuerySet[_Row],
    permission_view: str,
    permission_act: str,
    pk: Any,
    *,
    own: Q | None = None,
    own_act: Q | None = None,
    for_update: bool = False,
) -> _Row:
    """One row to act on, in one query (decision C14).

    Not visible under ``permission_view``: NotFoundError (404). Visible but out of reach of
    ``permission_act``: ForbiddenError (403). ``own_act`` defaults to ``own``; ``for_update`` locks the row.
    """
    act = reach(actor, permission_act, own if own_act is None else own_act)
    rows = scope(queryset, actor, permission_view, own).annotate(
        access_may_act=ExpressionWrapper(act, output_field=BooleanField())
    )
    if for_update:
        rows = rows.select_for_update(of=("self",))
    try:
        row = rows.get(pk=pk)
    except (ObjectDoesNotExist, ValueError, TypeError, ValidationError):
        raise NotFoundError("not_found", _("Not found.")) from None
    if not row.access_may_act:  # type: ignore[attr-defined]
        raise ForbiddenError(
            "access.denied",
            _("You do not have permission to perform this action."),
            details={"permission": permission_act},
        )
    return row
