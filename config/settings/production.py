"""Production: a missing or unsafe value stops the start with a message that names it."""

from django.core.exceptions import ImproperlyConfigured

from . import env
from .base import *

SECRET_KEY = env.text("DJANGO_SECRET_KEY")
if len(SECRET_KEY) < 50 or SECRET_KEY.startswith("development"):
    raise ImproperlyConfigured("DJANGO_SECRET_KEY must be a random text of at least 50 characters")
if not FIELD_ENCRYPTION_KEYS:
    raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is not set: manage.py rotate_keys --new-key prints one")
if any(key.startswith("ZGV2ZWxvcG1lbnQ") for key in FIELD_ENCRYPTION_KEYS):  # "development", of .env.example
    raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS must be random keys, not the one of .env.example")
if env.flag("DEBUG", False):
    raise ImproperlyConfigured("DEBUG must be false in production")
if SIMULATOR_URL:
    raise ImproperlyConfigured("SIMULATOR_URL must be empty in production: simulators take everybody's money")
BASE_DOMAIN = env.text("BASE_DOMAIN").lower()
_runtime_url = database_url_from_parts()
if not _runtime_url:
    raise ImproperlyConfigured("DATABASE_URL is not set: this environment has no safe default for it")
DATABASES = databases(_runtime_url, env.text("DATABASE_OWNER_URL", ""))
REDIS_URL = env.text("REDIS_URL")
CELERY_BROKER_URL = BROKER_URL = env.text("BROKER_URL")
# Custom domains are hosts too: the tenant middleware refuses every host that leads to nobody.
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or ["*"]
STORAGES["staticfiles"] = {"BACKEND": "shared_apps.ui.storage.StaticStorage"}
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
HOST_KEEPS_PORT = False
LINK_SCHEME, LINK_PORT = "https", ""
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
REFRESH_COOKIE_NAME = "__Host-refresh_token"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.number("EMAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", True)
