#!/usr/bin/env python
"""Django's command line; DJANGO_ENVIRONMENT chooses the settings."""

import os
import sys

if __name__ == "__main__":
    environment = os.environ.get("DJANGO_ENVIRONMENT", "development")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"config.settings.{environment}")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
