from django.apps import AppConfig


class ExtraTasksConfig(AppConfig):
    name = "tests.support.extra_tasks"
    label = "extra_tasks"
