"""The development mailbox: every e-mail that Django's file backend wrote, newest first."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

SEPARATOR = b"-" * 79 + b"\n"  # what django.core.mail.backends.filebased puts after each message
LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail as it was sent. ``key`` names it in addresses; ``html`` is empty without such a part."""

    key: str
    sender: str
    recipients: str
    subject: str
    text: str
    html: str
    attachments: tuple[str, ...]
    sent_at: dt.datetime


def read_mails(folder: Path, limit: int = LIMIT) -> list[Mail]:
    """The newest mails of the folder, at most `limit`. An absent folder means that nothing was sent yet."""
    if not folder.is_dir():
        return []
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    mails: list[Mail] = []
    for path in files:
        parts = [part for part in path.read_bytes().split(SEPARATOR) if part.strip()]
        mails += [_parse(part, path) for part in parts]
        if len(mails) >= limit:
            break
    return sorted(mails, key=lambda mail: mail.sent_at, reverse=True)[:limit]


def _parse(raw: bytes, path: Path) -> Mail:
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(raw)
    body, html = message.get_body(("plain", "html")), message.get_body(("html",))
    written = message.get("Date")
    sent_at = parsedate_to_datetime(str(written)) if written else None
    if sent_at is None or sent_at.tzinfo is None:
        sent_at = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)
    return Mail(
        key=hashlib.sha256(raw).hexdigest()[:16],
        sender=str(message.get("From", "")),
        recipients=str(message.get("To", "")),
        subject=str(message.get("Subject", "")),
        text=str(body.get_content()).strip() if body is not None else "",
        html=str(html.get_content()) if html is not None else "",
        attachments=tuple(part.get_filename() or "" for part in message.iter_attachments()),
        sent_at=sent_at,
    )
