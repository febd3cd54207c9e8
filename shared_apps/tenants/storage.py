"""Files of a tenant lie below its own folder, and a name that would leave it is refused."""

from __future__ import annotations

import os

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage
from django.utils._os import safe_join

from shared_apps.core.context import current_schema


class TenantFileSystemStorage(FileSystemStorage):
    """FileSystemStorage whose root is ``MEDIA_ROOT/<schema>``; follows the context at each call."""

    @property
    def base_location(self) -> str:
        return os.path.join(_media_root(), current_schema())

    @property
    def location(self) -> str:
        return os.path.abspath(self.base_location)

    def path(self, name: str) -> str:
        if name.startswith("/"):
            raise SuspiciousFileOperation(f"absolute file name {name!r}")
        return safe_join(self.location, name)


def _media_root() -> str:
    from django.conf import settings

    return str(settings.MEDIA_ROOT)
