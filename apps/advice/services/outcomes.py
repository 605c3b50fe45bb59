"""What became of questions: asking after 30, 90 and 365 days, and the answers."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import check_takes_part
from apps.advice.models import MAX_OUTCOME_CHARACTERS, Outcome, Post
from apps.advice.permissions import check_tells_outcome
from apps.advice.rendering import render
from apps.advice.services.pace import check_links
from apps.notifications.models import Kind
from apps.notifications.services import notify
from apps.tools.models import Tool

# Tried by then, decided and built by then, lived with by then.
AFTER_DAYS = (30, 90, 365)
# Questions in one run, some seconds' work; the next run goes on.
BATCH = 500


def ask_for_outcomes() -> int:
    """Ask those whose questions are due what they chose and how it went; answers how many. For a worker.

    One question at a time, under its lock, so that it may run twice at once and be killed at any time.
    """
    due = Post.objects.filter(outcome_due_at__lte=timezone.now()).order_by("outcome_due_at")
    return sum(_ask(pk) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


@transaction.atomic
def _ask(pk: int) -> bool:
    now = timezone.now()
    # The condition again: another worker may have been here since.
    post = (
        Post.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("author")
        .filter(pk=pk, outcome_due_at__lte=now)
        .first()
    )
    if post is None:
        return False
    period = _period(post, now)
    later = [days for days in AFTER_DAYS if days > period]
    post.outcome_due_at = post.created_at + timedelta(days=later[0]) if later else None
    post.save(update_fields=["outcome_due_at"])
    author = post.author
    # A demo person reads no mail, and what became of it is told with the question.
    if author is None or not author.is_active or author.closed_at or author.is_demo or post.removed_at:
        return False
    outcome, _ = Outcome.objects.get_or_create(post=post, after_days=period)
    if outcome.answered_at:
        return False
    notify(
        person=author,
        kind=Kind.OUTCOME,
        actor=None,
        text=f"{_ago(period)} you asked “{post.title}”: what did you choose, and how did it go?",
        # One for each time: a notification that is there already is not told again.
        url=f"{reverse('advice:outcome', kwargs={'pk': post.pk, 'slug': post.slug})}?after={period}",
    )
    return True


def _ago(days: int) -> str:
    return "A year ago" if days == AFTER_DAYS[-1] else f"{days} days ago"


def _period(post: Post, now: datetime) -> int:
    """The longest of `AFTER_DAYS` that went by since the question; before the first of them, that."""
    gone = (now - post.created_at).days
    return max([days for days in AFTER_DAYS if days <= gone], default=AFTER_DAYS[0])


@transaction.atomic
def answer_outcome(
    *, person: User, post: Post, verdict: str, chosen: Tool | None = None, text: str = ""
) -> Outcome:
    """Who asked tells what became of it: the last period asked for, or the one that it is if nobody asked yet.

    Told again within the period, it takes the place of what was told. Raises `ValidationError` by field,
    `PermissionDenied`.
    """
    check_takes_part(person)
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    problems: dict[str, str | list[str]] = {}
    if verdict not in Outcome.Verdict.values:
        problems["verdict"] = "Say how it went."
    if chosen and not chosen.is_listed:
        problems["chosen"] = "Choose a tool of the catalogue."
    if len(text) > MAX_OUTCOME_CHARACTERS:
        problems["text"] = f"Write at most {MAX_OUTCOME_CHARACTERS} characters; these are {len(text)}."
    else:
        try:
            check_links(person, text)
        except ValidationError as error:
            problems["text"] = error.messages
    if problems:
        raise ValidationError(problems)
    row = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    check_tells_outcome(person, row)
    now = timezone.now()
    asked = Outcome.objects.filter(post=row).order_by("-after_days").first()
    outcome = asked or Outcome(post=row, after_days=_period(row, now))
    outcome.verdict, outcome.text, outcome.answered_at = verdict, text, now
    # Who has not decided has chosen nothing.
    outcome.chosen = None if verdict == Outcome.Verdict.OPEN else chosen
    outcome.html = render(text).html
    outcome.save()
    return outcome
