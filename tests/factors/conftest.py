"""People with second factors, and a passkey in software."""

from tests.users.conftest import api

__all__ = ["api"]
