"""Drafts, kept on the server so that they survive a closed tab. Owner: A2."""

from collections.abc import Mapping, Sequence

from apps.accounts.models import User
from apps.advice.models import Draft, Post


def save_draft(
    *,
    person: User,
    kind: str,
    data: Mapping[str, Sequence[str]],
    post: Post | None = None,
    draft: Draft | None = None,
) -> Draft | None:
    """Keep what was typed: in `draft`, or in a new one; of a reply there is one for each post.

    Answers None, and deletes the draft, where every field is empty. Raises `ValidationError` above the limit of size.
    """
    raise NotImplementedError


def delete_draft(*, person: User, pk: int) -> None:
    """Throw a draft away; one that is gone, or somebody else's, is success."""
    raise NotImplementedError
