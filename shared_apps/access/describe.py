"""The matrix in words: for the API's description, the documentation page and the committed table."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .catalogue import Permission, Relation, all_permissions
from .personas import ANYONE, CAPABILITIES, MEMBER, PLATFORM_ROLES, USER
from .routes import Route

COLUMN_LABELS = {
    ANYONE: gettext_lazy("everybody"),
    USER: gettext_lazy("every signed-in person"),
    "superadmin": gettext_lazy("superadmins"),
    "admin": gettext_lazy("platform admins"),
    "auditor": gettext_lazy("platform auditors"),
    "tenant_owner": gettext_lazy("tenant owners"),
    "subscriber": gettext_lazy("subscribers"),
    MEMBER: gettext_lazy("every member"),
    "owner": gettext_lazy("owners"),
    "tenant_admin": gettext_lazy("administrators"),
    "tenant_auditor": gettext_lazy("auditors"),
    "verifier": gettext_lazy("verifiers"),
    "seller": gettext_lazy("sellers"),
    "buyer": gettext_lazy("buyers"),
    "trader": gettext_lazy("traders"),
    "affiliate": gettext_lazy("affiliates"),
}
RELATION_LABELS = {
    Relation.OWN: gettext_lazy("own"),
    Relation.TENANT: gettext_lazy("all"),
    Relation.PLATFORM: gettext_lazy("all"),
    Relation.ANYONE: gettext_lazy("open"),
}
#: The columns that speak on each host.
HOST_COLUMNS = {
    "platform": (ANYONE, USER, *PLATFORM_ROLES),
    "tenant": (ANYONE, MEMBER, *CAPABILITIES),
}


def sentence(permission: Permission, host: str) -> str:
    """Who has a permission on a host, in one sentence for the API's description."""
    cells = [
        (column, permission.cells[column]) for column in HOST_COLUMNS[host] if column in permission.cells
    ]
    if ANYONE in permission.cells:
        return str(_("Open to everybody."))
    if not cells:
        return str(_("Nobody may do this on this host."))
    who = ", ".join(f"{COLUMN_LABELS[column]} ({RELATION_LABELS[relation]})" for column, relation in cells)
    return f"{_('Needs the permission')} `{permission.name}`: {who}."


def markdown(routes: Iterable[Route]) -> str:
    """The whole matrix and every route as the text of ``docs/access-matrix.md``."""
    lines = [
        "# Who may do what",
        "",
        "Written by `python manage.py show_matrix --write` from the permissions of each app. The tests read",
        "this file, not the code: each cell is tried over HTTP, so a change of a right is a change here.",
        "",
        "`own`: one's own rows, and single rows that somebody shared. `tenant`: every row of the tenant.",
        "`platform`: every row of the platform. `anyone`: open. Empty: denied.",
        "",
    ]
    for host, title in (("platform", "## On the platform's host"), ("tenant", "## On a tenant's host")):
        columns = HOST_COLUMNS[host]
        lines += [title, "", f"| permission | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
        for permission in all_permissions():
            cells = [permission.cells.get(column) for column in columns]
            if any(cells):
                words = " | ".join("" if cell is None else cell.name.lower() for cell in cells)
                lines.append(f"| `{permission.name}` | {words} |")
        lines.append("")
    lines += ["## Routes", "", "| host | method | address | permission |", "|---|---|---|---|"]
    lines += [
        f"| {route.host} | {route.method} | `{route.path}` | `{route.permission or '(closed)'}` |"
        for route in routes
    ]
    return "\n".join(lines) + "\n"
