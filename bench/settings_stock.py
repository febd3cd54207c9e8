"""The same apps under django-tenants as it comes: its backend, its router, one login that owns everything."""

from .settings import *

for _alias in list(DATABASES):
    if _alias != "owner":
        del DATABASES[_alias]
DATABASES["default"] = {
    **DATABASES.pop("owner"),
    "ENGINE": "django_tenants.postgresql_backend",
    "OPTIONS": {},
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_SYNC_ROUTER = "django_tenants.routers.TenantSyncRouter"
