"""People with second factors, and a passkey in software."""

from tests.users.conftest import api, send_mails

__all__ = ["api", "send_mails"]
