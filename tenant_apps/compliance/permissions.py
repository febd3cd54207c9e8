"""Rows of the matrix for identity checks. Auditors see that there are cases, never what people showed."""

from django.utils.translation import gettext_lazy as _

from shared_apps.access.catalogue import Permission, Relation, register
from shared_apps.access.personas import MEMBER

_LEADERS = {"owner": Relation.TENANT, "tenant_admin": Relation.TENANT}

register(
    Permission(
        "compliance.view_case",
        _("Read identity cases"),
        {**_LEADERS, "tenant_auditor": Relation.TENANT, MEMBER: Relation.OWN},
    ),
    Permission(
        "compliance.submit_case", _("Have one's identity checked"), {MEMBER: Relation.OWN}, personal=True
    ),
    Permission("compliance.browse_queue", _("Read the queue of identity cases"), _LEADERS),
    Permission("compliance.view_details", _("Read what people showed of themselves"), _LEADERS),
    Permission("compliance.decide_case", _("Approve and reject identities"), _LEADERS),
)
