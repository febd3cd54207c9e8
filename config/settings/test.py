"""The test suite: the embedded servers, started and named by tests/conftest.py before Django is set up."""

from . import env
from .base import *

ENVIRONMENT = "test"
SECRET_KEY = "test-key-" + "0" * 50
FIELD_ENCRYPTION_KEYS = ["dGVzdHMtc2VhbC13aXRoLXRoaXMta2V5LW9mIDMyYiE="]
DATABASES = databases(
    env.text("DATABASE_URL", "postgresql://tradehall_app@localhost/tradehall"),
    env.text("DATABASE_OWNER_URL", "postgresql://tradehall_owner@localhost/tradehall"),
)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

# Each xdist worker has its own keys in the one Valkey, and its own database for caches: clear() empties one.
_WORKER = env.text("TEST_WORKER", "0")
for _cache in CACHES.values():
    _cache["LOCATION"] = redis_database(REDIS_URL, 4 + int(_WORKER))
VALKEY_PREFIX = env.text("VALKEY_PREFIX", f"tradehall-w{_WORKER}")
CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = f"tradehall-w{_WORKER}"
CELERY_TASK_DEFAULT_QUEUE = f"tradehall-w{_WORKER}"
MEDIA_ROOT = VAR_DIR / "test-media" / _WORKER
STATIC_ROOT = None  # type: ignore[assignment]  # collected by nobody
WHITENOISE_USE_FINDERS = env.flag("SERVE_STATIC", False)  # only for processes that a browser visits
THROTTLE_FACTOR = env.number("THROTTLE_FACTOR", 1000)  # tests of the rates set 1

# Tests of the migration executor run a process with one app more.
for _app in env.words("TEST_EXTRA_APPS"):
    TENANT_APPS.append(_app)
    INSTALLED_APPS.append(_app)
SSO_ALLOW_PRIVATE_PROVIDERS = True  # a provider on this machine
