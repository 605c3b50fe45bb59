"""How a thread, a reply or a comment was edited: what changed each time, by whom and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.advice.differences import Part, differences, shortened
from apps.advice.models import Comment, Post, Reply, Revision
from apps.advice.services import posts, replies
from apps.core.pagination import Key, paginate

# Each of them may have changed a text of thousands of words.
EDITS_PAGE = 10

_NEWEST = [Key("id", descending=True)]


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: what it changed, of each field that it changed; `label` is empty for the text itself."""

    at: datetime
    person: User | None
    changes: Sequence[tuple[str, Sequence[Part]]]


@dataclass(frozen=True, slots=True)
class History:
    """A page of edits, newest first."""

    edits: Sequence[Edit]
    next_cursor: str


def history_of(written: Post | Reply | Comment, *, cursor: str = "") -> History:
    """The edits from `cursor` on. Raises `BadCursorError`. Three queries."""
    page = paginate(
        written.revisions.select_related("edited_by"), keys=_NEWEST, cursor=cursor, size=EDITS_PAGE
    )
    rows = list(page.rows)
    # What stood there after an edit is what the next one replaced.
    newer = written.revisions.filter(pk__gt=rows[0].pk).order_by("pk").first() if cursor and rows else None
    after = newer or _present(written)
    edits = []
    for row in rows:
        edits.append(Edit(row.created_at, row.edited_by, _changes(row, after)))
        after = row
    return History(edits, page.next_cursor)


def _present(written: Post | Reply | Comment) -> Revision:
    """What it says now, as if it were about to be edited. Not saved."""
    if isinstance(written, Post):
        return Revision(title=written.title, body=written.body, details=posts.details_of(written))
    details = replies.details_of(written) if isinstance(written, Reply) else {}
    return Revision(body=written.body, details=details)


def _changes(before: Revision, after: Revision) -> list[tuple[str, list[Part]]]:
    pairs: list[tuple[str, str, str]] = [("Title", before.title, after.title)]
    olds: Mapping[str, str] = before.details
    news: Mapping[str, str] = after.details
    pairs += [(label, olds.get(label, ""), news.get(label, "")) for label in {**olds, **news}]
    pairs.append(("", before.body, after.body))
    return [(label, shortened(differences(old, new))) for label, old, new in pairs if old != new]
