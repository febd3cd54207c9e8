"""`django.contrib.admin` with the console's site: autodiscovery and `admin.register` lead to it."""

from django.contrib.admin.apps import AdminConfig


class PlatformAdminConfig(AdminConfig):
    default_site = "shared_apps.console.site.PlatformAdminSite"
