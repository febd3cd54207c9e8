"""`make run`: everything has a working default, nothing here is safe for the internet."""

from . import env
from .base import *

DEBUG = env.flag("DEBUG", True)
SECRET_KEY = env.text("DJANGO_SECRET_KEY", "development-only-key-that-production-refuses-000000000000")
DATABASES = databases(
    database_url_from_parts() or "postgresql://tradehall_app@localhost/tradehall",
    env.text("DATABASE_OWNER_URL", ""),
)
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
