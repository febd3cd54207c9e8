"""Numbers, money and times as a person reads them, in the page's language. A float is refused."""

import datetime as dt
from decimal import ROUND_HALF_EVEN, Decimal

from django.utils import formats, timezone

MINUS = "\N{MINUS SIGN}"
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
DASH = "\N{EN DASH}"

# Currencies whose smallest unit is not a hundredth (ISO 4217), and crypto assets as venues quote them.
CURRENCY_DIGITS = {"JPY": 0, "KRW": 0, "BHD": 3, "KWD": 3, "BTC": 8, "ETH": 8, "USDT": 2, "USDC": 2}


def _exact(value: object) -> Decimal:
    """The value as a finite Decimal. Raises TypeError for a float, which cannot say what was meant."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError(f"numbers on a page are Decimal, int or a decimal string, not {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("a page shows finite numbers only")
    return number


def format_number(value: object, digits: int | None = None, *, signed: bool = False) -> str:
    """Group and localise a number.

    `digits`: exactly so many decimals (half-even, as the venue rounds); without it every significant decimal,
    no trailing zeros. `signed`: a plus for gains; the minus is always the typographic one.
    """
    number = _exact(value)
    if digits is None:
        number = number.normalize()
        exponent = number.as_tuple().exponent
        digits = max(0, -exponent) if isinstance(exponent, int) else 0
    number = number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    text = formats.number_format(abs(number), decimal_pos=digits, use_l10n=True, force_grouping=True)
    if number < 0:
        return f"{MINUS}{text}"
    return f"+{text}" if signed and number > 0 else text


def format_money(amount: object, currency: str, *, signed: bool = False) -> str:
    """An amount in its currency's own number of decimals, the code after it, never broken over a line."""
    return f"{format_number(amount, CURRENCY_DIGITS.get(currency, 2), signed=signed)}{NARROW_SPACE}{currency}"


def format_percent(fraction: object, digits: int = 2, *, signed: bool = False) -> str:
    """A fraction (0.0525) as per cent (5.25 %)."""
    return f"{format_number(_exact(fraction) * 100, digits, signed=signed)}{NARROW_SPACE}%"


def format_time(moment: dt.datetime, *, seconds: bool = False) -> str:
    """An aware time in the active time zone, with the zone's name. Raises ValueError for a naive one."""
    if timezone.is_naive(moment):
        raise ValueError("a naive time has no meaning on a page")
    local = timezone.localtime(moment)
    pattern = "j M Y, H:i:s" if seconds else "j M Y, H:i"
    return f"{formats.date_format(local, pattern)} {local.tzname()}"
