"""Bitcoin addresses of the main network: Base58Check, Bech32 (BIP 173) and Bech32m (BIP 350)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#: First byte of the decoded address: pay to a key's hash, pay to a script's hash.
_VERSIONS: Final = (0x00, 0x05)
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_PREFIX: Final = "bc"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
#: What the checksum comes to: version 0 of witness programs, and all later ones.
_BECH32_CONSTANT: Final = 1
_BECH32M_CONSTANT: Final = 0x2BC830A3


def is_address(text: str) -> bool:
    """Whether a text is an address whose checksum holds; of test networks none does."""
    if text[:3].lower() == f"{_PREFIX}1":
        return _is_segwit(text)
    return _is_base58check(text)


def _is_base58check(text: str) -> bool:
    if not 26 <= len(text) <= 35 or any(sign not in _BASE58 for sign in text):
        return False
    number = 0
    for sign in text:
        number = number * 58 + _BASE58.index(sign)
    zeros = len(text) - len(text.lstrip("1"))
    decoded = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(decoded) != 25 or decoded[0] not in _VERSIONS:
        return False
    digest = hashlib.sha256(hashlib.sha256(decoded[:-4]).digest()).digest()
    return digest[:4] == decoded[-4:]


def _is_segwit(text: str) -> bool:
    if not 14 <= len(text) <= 90 or text not in (text.lower(), text.upper()):
        return False
    signs = text.lower()[len(_PREFIX) + 1 :]
    if any(sign not in _BECH32 for sign in signs):
        return False
    values = [_BECH32.index(sign) for sign in signs]
    version, program = values[0], _octets(values[1:-6])
    if version > 16 or program is None or not 2 <= len(program) <= 40:
        return False
    if version == 0 and len(program) not in (20, 32):
        return False
    expected = _BECH32_CONSTANT if version == 0 else _BECH32M_CONSTANT
    return _checksum([*_expanded(_PREFIX), *values]) == expected


def _octets(values: Iterable[int]) -> bytes | None:
    """Groups of five bits as bytes; None where what is left over is no padding."""
    collected, bits, result = 0, 0, bytearray()
    for value in values:
        collected, bits = (collected << 5 | value) & 0xFFF, bits + 5
        if bits >= 8:
            bits -= 8
            result.append(collected >> bits & 0xFF)
    return None if bits >= 5 or collected & ((1 << bits) - 1) else bytes(result)


def _expanded(prefix: str) -> list[int]:
    return [*(ord(sign) >> 5 for sign in prefix), 0, *(ord(sign) & 31 for sign in prefix)]


def _checksum(values: Iterable[int]) -> int:
    found = 1
    for value in values:
        top = found >> 25
        found = (found & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            found ^= term if top >> bit & 1 else 0
    return found
