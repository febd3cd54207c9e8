"""Rows of the matrix for to-dos: everybody's own, which leaders and auditors may read."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import MEMBER, WORKING_CAPABILITIES

_OWN = dict.fromkeys(WORKING_CAPABILITIES, Relation.OWN)
_READ_ALL = dict.fromkeys(("owner", "tenant_admin", "tenant_auditor"), Relation.TENANT)

register(
    Permission("todos.view_todo", _("Read to-dos"), {MEMBER: Relation.OWN, **_READ_ALL}),
    Permission("todos.create_todo", _("Write to-dos"), _OWN),
    Permission("todos.change_todo", _("Change to-dos"), _OWN),
    Permission("todos.delete_todo", _("Delete to-dos"), _OWN),
)
