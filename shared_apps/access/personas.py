"""The columns of the matrix: who a person can be, on the platform's host and on a tenant's."""

from __future__ import annotations

from typing import Final

#: Values of ``User.role``; they decide on the platform's host only.
PLATFORM_ROLES: Final = ("superadmin", "admin", "auditor", "tenant_owner", "subscriber")
#: Values of ``Member.capabilities``; they decide on a tenant's host only.
CAPABILITIES: Final = (
    "owner", "tenant_admin", "tenant_auditor", "verifier", "seller", "buyer", "trader", "affiliate",
)  # fmt: skip

#: Everybody, signed in or not.
ANYONE: Final = "anyone"
#: Every person signed in on the platform's host, whatever the role.
USER: Final = "user"
#: Every active member of the tenant, whatever the capabilities.
MEMBER: Final = "member"

COLUMNS: Final = (ANYONE, USER, *PLATFORM_ROLES, MEMBER, *CAPABILITIES)
#: Columns that look and never touch (F29); the catalogue refuses anything else for them.
AUDITORS: Final = ("auditor", "tenant_auditor")
#: Everybody in a tenant who may be given work to do.
WORKING_CAPABILITIES: Final = tuple(name for name in CAPABILITIES if name not in AUDITORS)
