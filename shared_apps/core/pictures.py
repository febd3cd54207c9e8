"""Reading pictures that people send (attack table, row 19): size first, then only formats that were named."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image

from .errors import DomainError

_UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)


@contextmanager
def opened(
    upload: Any, *, max_bytes: int, formats: tuple[str, ...], too_large: DomainError, unreadable: DomainError
) -> Iterator[Image.Image]:
    """An upload as Pillow's picture, for a block that draws it anew.

    The type is told by the content and never by the name. Raises ``too_large`` before anything is read, and
    ``unreadable`` for what Pillow cannot open or the block cannot decode; the block's own DomainErrors pass.
    """
    if upload.size > max_bytes:
        raise too_large
    try:
        with Image.open(io.BytesIO(upload.read(max_bytes + 1)), formats=formats) as picture:
            yield picture
    except DomainError:
        raise
    except _UNREADABLE as error:
        raise unreadable from error
