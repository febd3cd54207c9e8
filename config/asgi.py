"""Everything on one port (`make run`), and WebSockets and events in production."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE", f"config.settings.{os.environ.get('DJANGO_ENVIRONMENT', 'development')}"
)
pages_and_api = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - these need the apps

from config.memory import settle  # noqa: E402
from config.routing import lifespan, websocket_urlpatterns  # noqa: E402
from shared_apps.core.bounds import BoundedBody  # noqa: E402
from shared_apps.tenants.channels import TenantScopeMiddleware  # noqa: E402
from shared_apps.tenants.startup import refuse_unsafe_runtime  # noqa: E402

refuse_unsafe_runtime()
application = ProtocolTypeRouter(
    {
        "http": BoundedBody(pages_and_api),
        "websocket": TenantScopeMiddleware(URLRouter(websocket_urlpatterns)),
        "lifespan": lifespan,
    }
)
settle()
