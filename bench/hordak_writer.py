"""One client of django-hordak, the peer: the same transfers by ``transfer_to``, which checks no funds.

Runs in the environment of requirements/bench.txt, without our code. ``python -m bench.hordak_writer URL``
with ``migrate`` makes tables and accounts; lines are answered as by ``bench.ledger_writer``.
"""

from __future__ import annotations

import random
import sys
import time
from urllib.parse import parse_qs, unquote, urlsplit

ACCOUNTS = 1000


def set_up(url: str) -> None:
    """Django with hordak alone, on one database."""
    import django
    from django.conf import settings

    parts = urlsplit(url)
    query = parse_qs(parts.query)
    settings.configure(
        SECRET_KEY="bench",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "djmoney", "hordak"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path.strip("/"),
                "USER": unquote(parts.username or ""),
                "HOST": query["host"][0],
                "PORT": query["port"][0],
                "CONN_MAX_AGE": None,
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        CURRENCIES=["EUR"],
        HORDAK_DECIMAL_PLACES=2,
        HORDAK_MAX_DIGITS=20,
    )
    django.setup()


def main(url: str, *words: str) -> None:
    """Answer lines until the input ends."""
    set_up(url)
    from django.core.management import call_command
    from hordak.models import Account
    from moneyed import Money

    if "migrate" in words:
        call_command("migrate", verbosity=0)
        for number in range(ACCOUNTS + 1):
            Account.objects.create(name=str(number), code=f"{number:06}"[-6:], type="LI", currencies=["EUR"])
        return
    accounts = list(Account.objects.order_by("id"))
    hot = accounts.pop()
    one = Money(1, "EUR")
    for line in sys.stdin:
        case, seconds = line.split()
        count, until = 0, time.perf_counter() + float(seconds)
        while time.perf_counter() < until:
            source = random.randrange(ACCOUNTS)
            target = accounts[(source + random.randrange(1, ACCOUNTS)) % ACCOUNTS]
            accounts[source].transfer_to(hot if case == "hot" else target, one)
            count += 1
        print(count, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
