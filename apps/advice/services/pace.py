"""How much somebody may write: the limits of newcomers, and of everybody. Raises `ValidationError` with words."""

from collections.abc import Iterable

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from django.template.defaultfilters import pluralize

from apps.accounts.models import User
from apps.accounts.permissions import is_established
from apps.advice import rendering
from apps.advice.limits import NEWCOMER_LINKS
from apps.advice.models import Comment, Post, Reply
from apps.core.folding import names_address
from apps.core.limits import is_allowed, seconds_to_wait


def check_pace(author: User, action: str, limit: str) -> None:
    """Count one more text of this kind ("post", "reply")."""
    if not is_allowed(action, str(author.pk), limit):
        minutes = -(-seconds_to_wait(action, str(author.pk), limit) // 60)
        raise _too_much(
            f"You have written many within an hour. Go on in {minutes} minute{pluralize(minutes)}."
        )


def check_links(author: User, body: str, lines: Iterable[str] = ()) -> None:
    """A newcomer's text has few links; `lines` are the title and what else stands without Markdown."""
    if is_established(author):
        return
    if rendering.link_count(body) > NEWCOMER_LINKS:
        raise ValidationError(
            {
                "body": f"On its first day an account can write {NEWCOMER_LINKS} links in a text. Leave some out."
            }
        )
    if any(names_address(line) for line in lines):
        raise _too_much("On its first day an account can write links only in the text itself.")


def check_first_day(
    author: User, written: QuerySet[Post] | QuerySet[Reply] | QuerySet[Comment], most: int, what: str
) -> None:
    """A newcomer has not `written` as much as they may; removed ones count. In a transaction, after other locks."""
    if is_established(author):
        return
    # What is sent at once is counted one after the other.
    User.objects.select_for_update(no_key=True).only("pk").get(pk=author.pk)
    if written.filter(author=author).count() >= most:
        raise _too_much(f"On its first day an account can write {most} {what}. Go on with it tomorrow.")


def _too_much(words: str) -> ValidationError:
    return ValidationError({NON_FIELD_ERRORS: ValidationError(words, code="limit")})
