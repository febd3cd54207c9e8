"""`python -m config.healthcheck [--broker]`: exit code 0 when this container's process can work."""

from __future__ import annotations

import http.client
import os
import sys

_PORT_NAMES = ("GRANIAN_PORT", "UVICORN_PORT")
_SECONDS = 8


def web_is_ready() -> bool:
    """Whether the web process of this container answers that it is ready."""
    port = next((int(os.environ[name]) for name in _PORT_NAMES if os.environ.get(name)), 8000)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    # As behind nginx: without it production answers with a redirect to https.
    connection.request("GET", "/health/ready/", headers={"X-Forwarded-Proto": "https"})
    return connection.getresponse().status == http.client.OK


def broker_answers() -> bool:
    """Whether the broker can be reached."""
    from kombu import Connection

    with Connection(os.environ["BROKER_URL"], connect_timeout=_SECONDS) as connection:
        connection.ensure_connection(max_retries=1, timeout=_SECONDS)
    return True


if __name__ == "__main__":
    try:
        healthy = broker_answers() if sys.argv[1:] == ["--broker"] else web_is_ready()
    except OSError as error:
        sys.exit(str(error))
    sys.exit(0 if healthy else 1)
