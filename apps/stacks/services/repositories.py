"""Reading public repositories: their manifests are fetched from GitHub, as few requests as will do."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from apps.detection.detect import detect, is_wanted
from apps.detection.sights import File, Unread
from apps.detection.sources import from_database
from apps.github.client import Entry, GitHub, GitHubError, Missed, Trouble
from apps.github.models import RateLimit
from apps.github.services.refresh import has_token
from apps.github.turns import NotYetError, turn
from apps.stacks.models import Reading
from apps.stacks.services.reading_queue import (
    claim_reading,
    fail_reading,
    finish_reading,
    note_progress,
    put_off_reading,
)

# A run ends with the reading that is under way after this: the same workers send mail that somebody waits for.
READ_SECONDS = 30.0
# GitHub's own faults are often over in a minute.
RETRY = timedelta(minutes=1)
# More manifests than nearly any repository has. Without a token each is a request, of 60 an hour for all of us.
MAX_FILES = 400
MAX_FILES_WITHOUT_TOKEN = 25
# Of other files only the path counts, for languages; the folders nearest to the root tell enough.
MAX_PATHS = 5_000
# GraphQL gives the beginning of longer texts; those are asked for one by one.
MAX_TEXT_BYTES = 500_000
# An answer is at most 8 MB (apps/github/connection.py), in base64 or with escapes.
MAX_BLOB_BYTES = 5_000_000
MAX_BATCH_BYTES = 2_000_000
MAX_BATCH_FILES = 50

Progress = Callable[[int, int], None]


class ThrownAwayError(Exception):
    """The reading is no longer ours: its person threw it away, or another worker has it."""


class NotReadableError(Exception):
    """The repository can't be read. The message says why, in words for the person."""


class NotNowError(Exception):
    """GitHub can't be asked now, but later: at `until` if it says when. The message is for the person."""

    def __init__(self, reason: str, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.until = until


@dataclass(slots=True)
class Fetched:
    """The manifests of a commit, the paths of other files (without content), and what was left out."""

    commit: str
    # GitHub's number of the repository: it stays when the name changes, or becomes another's.
    github_id: int
    files: list[File] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def read_due_repositories() -> int:
    """Read repositories that somebody waits for, for `READ_SECONDS` at most; answers how many were begun."""
    deadline = time.monotonic() + READ_SECONDS
    count = 0
    while time.monotonic() < deadline and (reading := claim_reading()):
        count += 1
        _read(reading)
    return count


def _read(reading: Reading) -> None:
    def hold(done: int, total: int) -> None:
        if not note_progress(reading, done=done, total=total):
            raise ThrownAwayError

    try:
        fetched = fetch(reading.repository, progress=hold)
    except ThrownAwayError:
        return
    except NotReadableError as error:
        fail_reading(reading, str(error))
        return
    except NotNowError as error:
        wait = max(error.until - timezone.now(), timedelta()) if error.until else RETRY
        # To wait for GitHub's hour is no failure of this reading.
        put_off_reading(reading, wait=wait, count=error.until is None)
        return
    report = detect(fetched.files, from_database())
    report = replace(report, unread=(*fetched.unread, *report.unread))
    finish_reading(reading, report=report, commit=fetched.commit, github_id=fetched.github_id)


def fetch(repository: str, *, progress: Progress) -> Fetched:
    """Fetch what detection reads of `repository` (owner/name). `progress` hears how many files of how many are there.

    Raises `NotReadableError`, `NotNowError`.
    """
    if not settings.GITHUB_API_URL:
        raise NotReadableError("This site does not read from GitHub. Upload the files instead.")
    try:
        with GitHub(anonymous=not has_token()) as github:
            return _Fetch(github, repository, progress).run()
    except NotYetError as error:
        raise NotNowError("GitHub wants us to wait. We go on by ourselves.", error.until) from error
    except GitHubError as error:
        raise NotNowError("GitHub did not answer. We try again by ourselves.") from error


@dataclass(slots=True)
class _Fetch:
    github: GitHub
    repository: str
    progress: Progress

    def run(self) -> Fetched:
        with turn(_resource()) as this:
            about, rate = self.github.about(self.repository)
            this.used(rate)
        if isinstance(about, Missed):
            raise NotReadableError(_words(self.repository, about))
        with turn(_resource()) as this:
            listing, rate = self.github.listing(self.repository)
            this.used(rate)
        if isinstance(listing, Missed):
            raise NotReadableError(_words(self.repository, listing))
        # What is nearest to the root comes first, for where there is too much.
        entries = sorted(listing.entries, key=lambda entry: (entry.path.count("/"), entry.path))
        wanted = [entry for entry in entries if is_wanted(entry.path)]
        if not entries:
            raise NotReadableError(f"{self.repository} is empty.")
        fetched = Fetched(listing.commit, about.database_id)
        if listing.is_truncated:
            fetched.unread.append(Unread("", "The repository has more files than GitHub lists at once."))
        most = MAX_FILES if has_token() else MAX_FILES_WITHOUT_TOKEN
        fetched.unread += [
            Unread(entry.path, f"We read the first {most} files only.") for entry in wanted[most:]
        ]
        wanted = wanted[:most]
        self.progress(0, len(wanted))
        for entry, content in self._contents(wanted):
            if isinstance(content, str):
                fetched.unread.append(Unread(entry.path, content))
            else:
                fetched.files.append(File(entry.path, content))
        known = {entry.path for entry in wanted}
        others = [entry.path for entry in entries if entry.path not in known]
        fetched.files += [File(path, b"") for path in others[:MAX_PATHS] if not is_wanted(path)]
        return fetched

    def _contents(self, wanted: Sequence[Entry]) -> Iterator[tuple[Entry, bytes | str]]:
        """Each with what it holds, or why that is not known."""
        done = 0
        for batch in _batches(wanted):
            texts = self._texts(batch)
            for at, entry in enumerate(batch, start=1):
                if entry.oid in texts:
                    yield entry, texts[entry.oid]
                else:
                    yield entry, self._blob(entry)
                    # Each is a request, and may have waited for its turn.
                    self.progress(done + at, len(wanted))
            done += len(batch)
            self.progress(done, len(wanted))

    def _texts(self, batch: Sequence[Entry]) -> dict[str, bytes]:
        oids = list(dict.fromkeys(entry.oid for entry in batch if entry.size <= MAX_TEXT_BYTES))
        if not oids or not has_token():
            # GraphQL answers nobody without a token.
            return {}
        with turn(RateLimit.Resource.GRAPHQL) as this:
            texts, rate = self.github.texts(self.repository, oids)
            this.used(rate)
        return texts

    def _blob(self, entry: Entry) -> bytes | str:
        if entry.size > MAX_BLOB_BYTES:
            return f"It is larger than {MAX_BLOB_BYTES // 1_000_000} MB."
        with turn(_resource()) as this:
            content, rate = self.github.blob(self.repository, entry.oid)
            this.used(rate)
        return "GitHub does not show it." if isinstance(content, Missed) else content


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        length = min(entry.size, MAX_TEXT_BYTES)
        if batch and (len(batch) == MAX_BATCH_FILES or size + length > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch


def _resource() -> RateLimit.Resource:
    return RateLimit.Resource.REST if has_token() else RateLimit.Resource.ANONYMOUS


def _words(repository: str, missed: Missed) -> str:
    match missed.trouble:
        case Trouble.NOT_FOUND:
            return f"GitHub has no public repository {repository}. Look at its spelling."
        case Trouble.BLOCKED:
            return f"GitHub does not show {repository} to anybody, for legal reasons."
        case Trouble.FORBIDDEN:
            return f"The owner of {repository} does not let us read it. Upload the files instead."
        case _:
            return f"GitHub stumbles over {repository}. Try again later, or upload the files instead."
