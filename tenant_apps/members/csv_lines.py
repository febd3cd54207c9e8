"""A file of invitations, read line by line: ``email,capabilities`` with capabilities apart by spaces."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from shared_apps.core.errors import DomainError

from .services.invitations import Line

#: Longest line of text, in characters; an address has at most 254.
_LINE_LENGTH = 1_000
_HEADINGS = {"email", "e-mail", "mail"}


def read_lines(chunks: Iterable[bytes]) -> Iterator[Line]:
    """The lines of a CSV file as they come in, empty ones left out; a heading in the first is passed over.

    Comma or semicolon, by what the first line has. A line that cannot be read comes with its problem. Raises
    DomainError ``invitation.file_not_text`` (field ``file``) for what is not UTF-8 text.
    """
    separator = ""
    for number, text in enumerate(_texts(chunks), start=1):
        if number == 1:
            text = text.removeprefix("\ufeff")
        if not text.strip():
            continue
        if not separator:
            separator = ";" if ";" in text else ","
            if text.split(separator)[0].strip().strip('"').lower() in _HEADINGS:
                continue
        yield _line(number, text, separator)


def _line(number: int, text: str, separator: str) -> Line:
    if len(text) > _LINE_LENGTH:
        return Line(number, "", (), _("The line is too long."))
    try:
        cells = next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        return Line(number, "", (), _("The quotation marks do not match."))
    if len(cells) > 2:
        return Line(number, "", (), _("A line has an address and, behind it, capabilities; no more."))
    return Line(number, cells[0], tuple(cells[1].lower().split()) if len(cells) == 2 else ())


def _texts(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines of text, never more of the file in memory than one line and one chunk."""
    rest, size = b"", 0
    for chunk in chunks:
        size += len(chunk)
        if size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise DomainError("invitation.file_too_large", _("The file is too large."), field="file")
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield _decoded(line)
        if len(rest) > 8 * _LINE_LENGTH:
            raise _no_text()
    if rest:
        yield _decoded(rest)


def _decoded(line: bytes) -> str:
    try:
        text = line.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError as error:
        raise _no_text() from error
    if "\x00" in text:
        raise _no_text()
    return text


def _no_text() -> DomainError:
    return DomainError("invitation.file_not_text", _("This is not a text file in UTF-8."), field="file")
