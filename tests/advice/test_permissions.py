"""Who may do what: the whole table, without a database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.accounts.models import User
from apps.advice import permissions
from apps.advice.models import Comment, Post, Reply

AUTHOR, STRANGER, MODERATOR, NOBODY = User(pk=1), User(pk=2), User(pk=3, is_staff=True), AnonymousUser()
PEOPLE = {"author": AUTHOR, "stranger": STRANGER, "moderator": MODERATOR, "nobody": NOBODY}
KINDS = {
    "question": lambda **fields: Post(kind="advice", **fields),
    "decision": lambda **fields: Post(kind="decision", **fields),
    "reply": Reply,
    "comment": Comment,
}

Make = Callable[..., Any]


def allowed(check: Callable[[Any, Any], None], may: Callable[[Any, Any], bool], row: Any) -> set[str]:
    """Who of the cast may; `check` refuses all others, with words."""
    answers = {name for name, person in PEOPLE.items() if may(person, row)}
    for name, person in PEOPLE.items():
        if name in answers:
            check(person, row)
        else:
            with pytest.raises(PermissionDenied, match=r"\w+ \w+"):
                check(person, row)
    return answers


def edits(row: Any) -> set[str]:
    return allowed(permissions.check_edits, permissions.may_edit, row)


def removes(row: Any) -> set[str]:
    return allowed(permissions.check_removes, permissions.may_remove, row)


def restores(row: Any) -> set[str]:
    return allowed(permissions.check_restores, permissions.may_restore, row)


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def make(request: Any) -> Make:
    made: Make = request.param
    return made


def test_shown_words_are_changed_by_author_and_moderators(make: Make) -> None:
    row = make(author_id=1)

    assert edits(row) == removes(row) == {"author", "moderator"}
    assert restores(row) == set()


def test_words_of_somebody_who_left_are_changed_by_moderators_alone(make: Make) -> None:
    assert edits(make()) == removes(make()) == {"moderator"}
    assert restores(make(removed_at=timezone.now())) == {"moderator"}


@pytest.mark.parametrize(("remover", "who"), [(1, {"author", "moderator"}), (3, {"moderator"})])
def test_removed_words_are_restored_by_who_removed_them(make: Make, remover: int, who: set[str]) -> None:
    row = make(author_id=1, removed_at=timezone.now(), removed_by_id=remover)

    assert restores(row) == who
    assert edits(row) == removes(row) == set()


@pytest.mark.parametrize("kind", ["advice", "decision"])
def test_answered_thread_is_removed_by_moderators_alone(kind: str) -> None:
    post = Post(kind=kind, author_id=1, reply_count=1)

    assert removes(post) == {"moderator"}
    with pytest.raises(PermissionDenied, match="People have replied"):
        permissions.check_removes(AUTHOR, post)


@pytest.mark.parametrize(
    ("post", "who"),
    [
        (Post(kind="advice", author_id=1), {"author"}),
        (Post(kind="advice"), set()),
        (Post(kind="decision", author_id=1), set()),
        (Post(kind="advice", author_id=1, removed_at=timezone.now()), set()),
    ],
    ids=["question", "left", "decision", "removed"],
)
def test_only_who_asked_accepts_and_tells_what_became_of_it(post: Post, who: set[str]) -> None:
    assert allowed(permissions.check_accepts, permissions.may_accept, post) == who
    assert allowed(permissions.check_tells_outcome, permissions.may_tell_outcome, post) == who
