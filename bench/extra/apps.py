from django.apps import AppConfig


class ExtraConfig(AppConfig):
    name = "bench.extra"
    label = "extra"
    default_auto_field = "django.db.models.BigAutoField"
