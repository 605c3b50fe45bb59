"""Who is told of what is written. Called within the transaction that wrote it. Owner: C."""

from collections.abc import Sequence

from apps.accounts.models import User
from apps.advice.models import Comment, Post, Reply


def tell_of_reply(reply: Reply) -> None:
    """Tell the author of the thread."""
    raise NotImplementedError


def tell_of_comment(comment: Comment) -> None:
    """Tell the author of what it is on, and those who commented there before."""
    raise NotImplementedError


def tell_of_acceptance(reply: Reply) -> None:
    """Tell the author of the reply."""
    raise NotImplementedError


def tell_mentioned(written: Post | Reply | Comment, people: Sequence[User]) -> None:
    """Tell people, of `rendering.Rendered.people`, that they are mentioned; not those told of it otherwise."""
    raise NotImplementedError


def tell_runners() -> int:
    """Tell those who run a tool that a new question is about it; answers how many threads. For a worker.

    Posts with `is_telling_due` are the queue.
    """
    raise NotImplementedError
