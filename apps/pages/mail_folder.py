"""The mails in the folder that development sends to, for people to read."""

import email
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from itertools import islice
from pathlib import Path

from django.conf import settings

# The newest of them are listed.
SHOWN = 100
# Headers of how the text is written, which say nothing to who reads it.
_CODING = {"content-type", "content-transfer-encoding", "mime-version"}
# Between the mails of a file, as Django's backend writes it.
_END = b"\n" + b"-" * 79 + b"\n"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of the file `name`: its headers in order, and its text."""

    name: str
    subject: str
    to: str
    at: datetime | None
    headers: list[tuple[str, str]]
    text: str


def mails() -> list[Mail]:
    """The newest mails, the newest first."""
    return list(islice(_read_all(), SHOWN))


def mails_of(name: str) -> list[Mail]:
    """The mails of the file of that name: one, as a rule. None where there is no such file in the folder."""
    # Looked up among the names that are there, so that no name leads out of the folder.
    return [mail for path in _files() if path.name == name for mail in _read(path)]


def _files() -> list[Path]:
    """Their names begin with the time at which they were begun."""
    return sorted(Path(settings.EMAIL_FILE_PATH).glob("*.log"), reverse=True)


def _read_all() -> Iterator[Mail]:
    for path in _files():
        yield from reversed(_read(path))


def _read(path: Path) -> list[Mail]:
    parts = [part for part in path.read_bytes().split(_END) if part.strip()]
    return [_parse(path.name, part) for part in parts]


def _parse(name: str, raw: bytes) -> Mail:
    try:
        mail = _parse_well(name, raw)
        # No page can hold halves of letters.
        mail.text.encode()
        return mail
    except Exception:
        # Of whatever kind: `email` stumbles over malformed headers, and one such mail shall not hide the others.
        text = raw.decode(errors="replace")
        return Mail(name=name, subject="", to="", at=None, headers=[], text=text)


def _parse_well(name: str, raw: bytes) -> Mail:
    message: EmailMessage = email.message_from_bytes(raw, policy=default)
    body = message.get_body(("plain",))
    date = message["Date"]
    return Mail(
        name=name,
        subject=str(message["Subject"] or ""),
        to=str(message["To"] or ""),
        at=date.datetime if date else None,
        headers=[(key, str(value)) for key, value in message.items() if key.lower() not in _CODING],
        text=body.get_content() if body else "",
    )
