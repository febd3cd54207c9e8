"""How often: counters per tenant's host that are exact under any number of processes (S3-114, C21).

One script in Valkey adds one and compares, atomically and in one round trip; DRF's own throttle reads a
list, changes it and writes it back, which loses counts when requests meet. A window begins with the first
request and ends after its length; what is refused in between does not prolong it.

Rates stand in ``settings.THROTTLE_RATES``: scope to a tuple of ``"number/period"``, which all hold; each is
the default of an option (``core.limits``), which the platform and, where it is sold, a plan may change.
``settings.THROTTLE_FACTOR`` multiplies every number, for benchmarks; no setting leaves the counting out.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import redis
from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from . import valkey
from .context import AUDIT, host_schema
from .errors import UnavailableError
from .limits import rate_limit

if TYPE_CHECKING:  # rest_framework.views imports this module, by the settings
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

_PERIODS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
#: Scopes that guard secrets: without a counter they refuse, others let pass.
_CLOSED_WITHOUT_COUNTER: Final = frozenset({"auth", "one_time_code", "second_factor"})

#: KEYS: one counter per rate. ARGV: number and seconds, alternating. Returns the seconds to wait, 0 to go on,
#: and for each rate how many were counted and the seconds until its window ends.
_COUNT: Final = """
local told = {0}
for i = 1, #KEYS do
  local count = redis.call('INCR', KEYS[i])
  local left = tonumber(ARGV[2 * i])
  if count == 1 then redis.call('EXPIRE', KEYS[i], left) else left = redis.call('TTL', KEYS[i]) end
  if count > tonumber(ARGV[2 * i - 1]) then told[1] = math.max(told[1], left, 1) end
  told[2 * i], told[2 * i + 1] = count, left
end
return told
"""
#: After a failure the counter is left alone for so long, lest every request waits for a dead server.
_PAUSE_SECONDS: Final = 1.0


@lru_cache(maxsize=256)
def parse_rate(rate: str) -> tuple[int, int]:
    """Number and seconds of ``"100/hour"``. Raises ValueError for anything else."""
    number, _slash, period = rate.partition("/")
    if period not in _PERIODS or not number.isdigit():
        raise ValueError(f"a rate is number/{'|'.join(_PERIODS)}, not {rate!r}")
    return int(number), _PERIODS[period]


def limit_of(scope: str, rate: str) -> tuple[int, int]:
    """Number and seconds that hold for a rate of the settings on the request's host."""
    number, seconds = parse_rate(rate)
    return rate_limit(scope, rate.partition("/")[2], number), seconds


def hit(scope: str, *who: str) -> int | None:
    """Count one more of ``scope`` for somebody on this host: None to go on, else the seconds to wait.

    ``who`` is what the counter is kept by (an address, a user's id); it is hashed when it is long.
    """
    return count(scope, *who)[0]


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to one rate after a request was counted; ``reset`` is in seconds from then."""

    scope: str
    limit: int
    window: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers, and the older ones that most clients read."""
        return {
            "RateLimit-Policy": f'"{self.scope}";q={self.limit};w={self.window}',
            "RateLimit": f'"{self.scope}";r={self.remaining};t={self.reset}',
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


def count(scope: str, *who: str) -> tuple[int | None, Standing | None]:
    """As :func:`hit`, with the rate of which least is left; None where nobody counts."""
    keys, rates = _keys(scope, who)
    limits = [value for number, seconds in rates for value in (number * settings.THROTTLE_FACTOR, seconds)]
    told = _ask(scope, keys, limits)
    if told is None:
        if scope in _CLOSED_WITHOUT_COUNTER:
            raise UnavailableError("throttle.unavailable", _("Please try again in a moment."))
        return None, None
    standings = [
        Standing(scope, limit, window, max(limit - counted, 0), max(left, 0))
        for limit, window, counted, left in zip(
            limits[::2], limits[1::2], told[1::2], told[2::2], strict=True
        )
    ]
    return told[0] or None, min(standings, key=lambda each: each.remaining / each.limit)


def spent(scope: str, *who: str) -> int | None:
    """Whether somebody's counter is full, without counting: None, or the seconds until it is empty again."""
    keys, rates = _keys(scope, who)
    client = valkey.client()
    try:
        counts = client.mget(keys)
        waits = [
            max(int(client.ttl(key)), 1)
            for key, count, (number, _seconds) in zip(keys, counts, rates, strict=True)
            if int(count or 0) >= number * settings.THROTTLE_FACTOR
        ]
    except (redis.ConnectionError, redis.TimeoutError) as error:
        logger.warning("throttle without a counter", extra={"scope": scope, "reason": str(error)})
        return None
    return max(waits, default=None)


def forget(scope: str, *who: str) -> None:
    """Begin somebody's counter anew."""
    try:
        valkey.client().delete(*_keys(scope, who)[0])
    except (redis.ConnectionError, redis.TimeoutError) as error:
        logger.warning("throttle without a counter", extra={"scope": scope, "reason": str(error)})


def _keys(scope: str, who: tuple[str, ...]) -> tuple[list[str], list[tuple[int, int]]]:
    rates = [limit_of(scope, rate) for rate in settings.THROTTLE_RATES[scope]]
    name = "|".join(who)
    if len(name) > 60:
        name = hashlib.sha256(name.encode()).hexdigest()
    prefix = f"{settings.VALKEY_PREFIX}:{host_schema()}:throttle:{scope}:{name}"
    return [f"{prefix}:{seconds}" for _number, seconds in rates], rates


class _Pause:
    """Until when (monotonic seconds) the counter is not asked."""

    until = 0.0


def listen_again() -> None:
    """Ask the counter again at once; tests call it."""
    _Pause.until = 0.0


def _ask(scope: str, keys: list[str], limits: list[int]) -> list[int] | None:
    """What the script told, whole numbers; None when nobody counts."""
    if _Pause.until > time.monotonic():
        return None
    try:
        return [int(number) for number in _run(keys, limits)]
    except (redis.ConnectionError, redis.TimeoutError) as error:
        _Pause.until = time.monotonic() + _PAUSE_SECONDS
        logger.warning("throttle without a counter", extra={"scope": scope, "reason": str(error)})
        return None


def _run(keys: list[str], limits: list[int]) -> Any:
    return _counter().run(keys, limits)


@lru_cache(maxsize=1)
def _counter() -> valkey.Script:
    return valkey.Script(_COUNT)


def client_address() -> str:
    """The address that anonymous requests are counted by; of IPv6 the network that one customer has."""
    address = AUDIT.get().remote_addr or "unknown"
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)


def attempt(name: str) -> int | None:
    """Count one attempt with somebody's name or e-mail, and one anonymous request, both by address.

    For pages; the API's throttle classes do the same. None to go on, else the seconds to wait.
    """
    waits = [hit("auth", client_address(), name.strip().lower()), hit("anonymous", client_address())]
    return max((wait for wait in waits if wait is not None), default=None)


class _CountingThrottle(BaseThrottle):
    """DRF's interface over :func:`hit`."""

    def __init__(self) -> None:
        self._wait: int | None = None

    def wait(self) -> float | None:
        return self._wait


class RequestThrottle(_CountingThrottle):
    """Every request: 100 an hour from an address, 1,000 an hour for somebody signed in."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        user = request.user
        if user is not None and user.is_authenticated:
            self._wait, standing = count("user", str(user.pk))
        else:
            self._wait, standing = count("anonymous", client_address())
        request._request.rate_standing = standing  # type: ignore[attr-defined]  # the middleware tells it
        return self._wait is None


class AuthenticationThrottle(_CountingThrottle):
    """Attempts with one name from one address, so that guessing a password ends in 429 (S3-112)."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        user = request.user
        known = user is not None and user.is_authenticated
        self._wait = hit("auth", client_address(), str(user.pk) if known else identifier_in(request.data))
        return self._wait is None


class RefreshThrottle(_CountingThrottle):
    """Renewals of tokens from one address: many people may share it, and none is signed in yet."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        self._wait = hit("refresh", client_address())
        return self._wait is None


class SlugCheckThrottle(_CountingThrottle):
    """Questions for a free subdomain from one address: asked while somebody types, before signing up."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        self._wait = hit("slug_check", client_address())
        return self._wait is None


def identifier_in(data: Any) -> str:
    """The name or e-mail that a log-in, reset or registration is about; empty where there is none."""
    if not isinstance(data, Mapping):
        return ""
    return str(data.get("email") or data.get("username") or "").strip().lower()
