"""Pages of the design system, on every host."""

from django.conf import settings
from django.urls import path

from shared_apps.ui import web

app_name = "ui"
urlpatterns = [
    path("credits/", web.credits, name="credits"),
    path("language/", web.language, name="language"),
]
if settings.ENVIRONMENT in ("development", "test"):
    urlpatterns += [
        path("gallery/", web.gallery, name="gallery"),
        path("mailbox/", web.mailbox, name="mailbox"),
        path("mailbox/<slug:key>/", web.letter, name="letter"),
    ]
