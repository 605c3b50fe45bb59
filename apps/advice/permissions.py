"""Who may do what with what is written. Functions that raise `PermissionDenied` with words for the person.

`may_...` is for templates and views, `check_...` for services. None costs a query.
"""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from apps.accounts.models import User
from apps.advice.models import Comment, Post, Reply

Person = User | AnonymousUser
# Threads, replies and comments.
Anything = Post | Reply | Comment


def is_author(person: Person, written: Anything) -> bool:
    """Whether `person` wrote it; nobody did once that account is closed."""
    return written.author_id is not None and written.author_id == person.pk


def may_edit(person: Person, written: Anything) -> bool:
    """Its author, at any time, and moderators: what it said before is kept. Not while it is removed."""
    return written.removed_at is None and (is_author(person, written) or person.is_staff)


def check_edits(person: Person, written: Anything) -> None:
    if not may_edit(person, written):
        if written.removed_at is not None:
            raise PermissionDenied("It is removed. Restore it first.")
        raise PermissionDenied("Only its author can edit it.")


def may_remove(person: Person, written: Anything) -> bool:
    """Its author, a thread only while nobody has replied; moderators always."""
    if written.removed_at is not None:
        return False
    is_answered = isinstance(written, Post) and written.reply_count > 0
    return person.is_staff or (is_author(person, written) and not is_answered)


def check_removes(person: Person, written: Anything) -> None:
    if not may_remove(person, written):
        if is_author(person, written):
            raise PermissionDenied(
                "People have replied, and it is theirs too. You can edit it, or ask a moderator to remove it."
            )
        raise PermissionDenied("Only its author can remove it.")


def may_restore(person: Person, written: Anything) -> bool:
    """Its author, if they removed it themselves, and moderators."""
    if written.removed_at is None:
        return False
    return person.is_staff or (is_author(person, written) and written.removed_by_id == person.pk)


def check_restores(person: Person, written: Anything) -> None:
    if not may_restore(person, written):
        raise PermissionDenied("Only who removed it, or a moderator, can restore it.")


def may_accept(person: Person, post: Post) -> bool:
    """Who asked chooses the answer; decisions have none."""
    return not post.is_decision and post.removed_at is None and is_author(person, post)


def check_accepts(person: Person, post: Post) -> None:
    if not may_accept(person, post):
        if post.is_decision:
            raise PermissionDenied("Only questions have an accepted reply.")
        raise PermissionDenied("Only who asked can accept a reply.")


def may_tell_outcome(person: Person, post: Post) -> bool:
    """Who asked tells what became of it; decisions are outcomes."""
    return may_accept(person, post)


def check_tells_outcome(person: Person, post: Post) -> None:
    if not may_tell_outcome(person, post):
        raise PermissionDenied("Only who asked can tell what became of it.")
