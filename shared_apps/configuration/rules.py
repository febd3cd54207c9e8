"""Pure decisions: who is in a percentage of tenants, which colours can be read."""

from __future__ import annotations

import colorsys
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_PERCENT = re.compile(r"(\d{1,3})%\Z", re.ASCII)


def percentage(raw: object) -> int | None:
    """The number of ``"25%"``, or None for what is no percentage from 0 to 100."""
    match = _PERCENT.match(raw.strip()) if isinstance(raw, str) else None
    return int(match[1]) if match and int(match[1]) <= 100 else None


def is_among(percent: int, flag: str, schema: str) -> bool:
    """Whether a tenant has a flag that so many per cent of all have: always the same ones, more with more."""
    digest = hashlib.sha256(f"{flag}|{schema}".encode()).digest()
    return int.from_bytes(digest[:4], "big") * 100 < percent * 2**32


_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
#: WCAG 2.2, 1.4.3 (AA): normal text.
READABLE = 4.5
#: The grounds that text and links in the accent's colour stand on, by theme (ui/css/tokens.css).
_GROUNDS = {"light": ("#f5f4f0", "#ffffff", "#efede7"), "dark": ("#0d1016", "#151a22", "#222a35")}
_INKS = ("#ffffff", "#0b1022")


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours made of one accent for one theme, and the smallest contrast among their uses."""

    accent: str
    hover: str
    soft: str
    on_accent: str
    contrast: float

    @property
    def readable(self) -> bool:
        return self.contrast >= READABLE


def is_colour(text: str) -> bool:
    """Whether a text is ``#rrggbb``."""
    return _COLOUR.match(text) is not None


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    return red, green, blue


def _hexadecimal(channels: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(max(0.0, min(1.0, channel)) * 255):02x}" for channel in channels)


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2, "relative luminance")."""
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """``share`` of a colour, the rest of another."""
    return _hexadecimal(
        tuple(share * a + (1 - share) * b for a, b in zip(_channels(colour), _channels(other), strict=True))
    )


def palette(accent: str, theme: str) -> Palette:
    """Everything that a theme makes of an accent."""
    accent = accent.lower()
    grounds = _GROUNDS[theme]
    soft = mix(accent, grounds[1], 0.12 if theme == "light" else 0.2)
    on_accent = max(_INKS, key=lambda ink: contrast(ink, accent))
    hover = mix(accent, "#000000" if theme == "light" else "#ffffff", 0.8)
    uses = [contrast(accent, ground) for ground in (*grounds, soft)] + [contrast(on_accent, accent)]
    return Palette(accent, hover, soft, on_accent, min(uses))


def readable_accent(colour: str, theme: str) -> str:
    """The colour itself where it is readable, else the nearest lightness of its hue that is."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    step = -0.01 if theme == "light" else 0.01
    for number in range(101):
        shade = max(0.0, min(1.0, lightness + step * number))
        tried = colour.lower() if number == 0 else _hexadecimal(colorsys.hls_to_rgb(hue, shade, saturation))
        if palette(tried, theme).readable:
            return tried
    raise AssertionError("black and white are readable")


#: The TXT record that proves a domain: ``_tradehall.example.com`` says ``tradehall-domain=<token>``.
RECORD_PREFIX, RECORD_KEY = "_tradehall", "tradehall-domain"
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_SPECIAL = frozenset("localhost local internal invalid onion arpa home lan corp intranet".split())


def domain_problem(domain: str, base_domain: str) -> str | None:
    """Why a lower-case ASCII name cannot be a custom domain, as a reason key, or None when it can.

    Keys: ``form``, ``special`` (a name that is nobody's on the internet), ``ours`` (of the platform).
    """
    labels = domain.split(".")
    if len(domain) > 240 or len(labels) < 2 or not all(map(_LABEL.match, labels)) or labels[-1].isdigit():
        return "form"
    if domain == base_domain or domain.endswith(f".{base_domain}"):
        return "ours"
    return "special" if labels[-1] in _SPECIAL else None


@dataclass(frozen=True, slots=True)
class DomainTimes:
    """How long a domain may wait for its record, and a verified one may lack it."""

    patience: timedelta
    grace: timedelta


def check_interval(state: str, age: timedelta) -> timedelta:
    """How often a domain is looked up: a new one often, a verified one daily."""
    if state == "verified":
        return timedelta(days=1)
    return timedelta(minutes=10) if age < timedelta(days=1) else timedelta(hours=1)


def state_after(
    state: str,
    *,
    found: bool,
    created_at: datetime,
    missing_since: datetime | None,
    now: datetime,
    times: DomainTimes,
) -> tuple[str, datetime | None]:
    """State and ``missing_since`` after a look-up that was answered; one that was not changes neither."""
    if found:
        return "verified", None
    if state == "verified":
        since = missing_since or now
        return ("failed" if now - since >= times.grace else "verified"), since
    expired = now - created_at >= times.patience
    return ("failed" if expired else "pending"), None
