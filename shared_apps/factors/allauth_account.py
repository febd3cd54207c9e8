"""allauth.account as a library: allauth.mfa imports its models, and nothing here uses them.

Its own AppConfig would insist on its middleware, for views that are not routed. Its tables are not made
(``MIGRATION_MODULES``): addresses and sessions live in ``users``.
"""

from django.apps import AppConfig


class AccountLibraryConfig(AppConfig):
    name = "allauth.account"
    label = "account"
    default_auto_field = "django.db.models.BigAutoField"
