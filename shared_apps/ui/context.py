"""What every page's frame needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shared_apps.core.branding import brand_of
from shared_apps.core.context import host_schema
from shared_apps.ui import navigation

THEMES = ("light", "dark", "system")


def frame(request: HttpRequest) -> dict[str, Any]:
    """The menu (evaluated only where it is shown), the chosen theme, whether this is a development server."""
    chosen = request.COOKIES.get("theme") or getattr(getattr(request, "user", None), "theme", "system")

    def menu() -> list[navigation.Entry]:
        return navigation.entries(request, navigation.Area.TENANT)

    return {
        "menu": SimpleLazyObject(menu),
        "theme": chosen if chosen in THEMES else "system",
        "brand": SimpleLazyObject(lambda: brand_of(host_schema())),
        "languages": settings.LANGUAGES,  # each in its own words
        "development": settings.ENVIRONMENT == "development",
    }
