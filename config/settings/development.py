"""`make run`: everything has a working default, nothing here is safe for the internet."""

from shared_apps.core.master_keys import own_key

from . import env
from .base import *

DEBUG = env.flag("DEBUG", True)
SECRET_KEY = env.text("DJANGO_SECRET_KEY", "development-only-key-that-production-refuses-000000000000")
FIELD_ENCRYPTION_KEYS = FIELD_ENCRYPTION_KEYS or [own_key(VAR_DIR / "vault.key")]
DATABASES = databases(
    database_url_from_parts() or "postgresql://tradehall_app@localhost/tradehall",
    env.text("DATABASE_OWNER_URL", ""),
)
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
SSO_ALLOW_PRIVATE_PROVIDERS = True  # a provider on this machine
