"""Pages and API in production."""

import os

from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE", f"config.settings.{os.environ.get('DJANGO_ENVIRONMENT', 'development')}"
)
application = get_wsgi_application()

from config.memory import settle  # noqa: E402 - these need the apps
from shared_apps.tenants.startup import refuse_unsafe_runtime  # noqa: E402

refuse_unsafe_runtime()

# As nginx tells them: the address and scheme of the client. Uvicorn reads the same variable for ASGI.
if trusted := os.environ.get("FORWARDED_ALLOW_IPS"):
    application = wrap_wsgi_with_proxy_headers(application, trusted)

settle()
