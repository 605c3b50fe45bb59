"""Who is told of what is written. Called within the transaction that wrote it.

Nobody is told of what is removed, nor of what somebody does who is locked out or gone. Texts are one line and name
people by @username: they become subjects of mails.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import established_people
from apps.advice.limits import MAX_MENTIONS
from apps.advice.models import Comment, Post, Reply
from apps.notifications.models import Kind, Notification
from apps.notifications.services import forget_told, notify_many
from apps.stacks.models import Item

Written = Post | Reply | Comment

# The last of those who commented before: a talk of two or three, not everybody who ever passed by.
MAX_COMMENTERS = 10
# A question that is taken back, or removed as spam, in its first minutes tells nobody.
QUIET = timedelta(minutes=10)
# Older ones, such as those that waited for their author to be established, are no news any more.
NEWS = timedelta(days=3)
# Of one question: those whose stacks changed last. More answers than these could give nobody reads.
MAX_RUNNERS = 2000
# Questions of one run, far below a task's time limit.
BATCH = 200


def tell_of_reply(reply: Reply) -> None:
    """Tell the author of the thread."""
    verb = "replies to" if reply.post.is_decision else "answers"
    _tell([reply.post.author], reply, Kind.REPLY, f"{verb} “{reply.post.title}”", by=reply.author)


def tell_of_comment(comment: Comment) -> None:
    """Tell the author of what it is on, and those who commented there before."""
    before = Comment.objects.shown().filter(post=comment.post, reply=comment.reply, pk__lt=comment.pk)
    spoke = before.values("author").annotate(last=Max("pk")).order_by("-last").values("author")
    people = User.objects.filter(pk__in=list(spoke.values_list("author", flat=True)[:MAX_COMMENTERS]))
    of = comment.reply or comment.post
    what = f"comments in “{comment.post.title}”"
    _tell([of.author, *people], comment, Kind.REPLY, what, by=comment.author)


def tell_of_acceptance(reply: Reply) -> None:
    """Tell the author of the reply."""
    what = f"accepts your answer to “{reply.post.title}”"
    _tell([reply.author], reply, Kind.ACCEPTED, what, by=reply.post.author)


def tell_mentioned(written: Written, people: Sequence[User]) -> None:
    """Tell people, of `rendering.Rendered.people`, that they are mentioned; not those told of it otherwise.

    To be called after those above. When the text is edited: only who was not told before, and never more than
    `MAX_MENTIONS` of one text.
    """
    if not people:
        return
    told = list(_told_of(written).values_list("person", "kind"))
    known = {person for person, _ in told}
    left = MAX_MENTIONS - sum(kind == Kind.MENTION for _, kind in told)
    new = [person for person in people[:MAX_MENTIONS] if person.pk not in known]
    what = f"mentions you in “{_thread(written).title}”"
    _tell(new[: max(0, left)], written, Kind.MENTION, what, by=written.author)


def take_back(written: Written) -> None:
    """Take away what people were told of this, which was removed: it says what that said, and would be mailed."""
    below: list[Reply | Comment] = []
    if isinstance(written, Post):
        below = [
            *Reply.objects.filter(post=written).only("pk"),
            *Comment.objects.filter(post=written).only("pk"),
        ]
    forget_told(_told_of(written, *below))


def tell_runners() -> int:
    """Tell those who run a tool that a new question is about it; answers how many threads. For a worker.

    Posts with `is_telling_due` are the queue; those of newcomers wait until their author is established.
    """
    now = timezone.now()
    is_news = Q(kind=Post.Kind.ADVICE, created_at__gt=now - NEWS)
    is_ready = Q(removed_at=None, created_at__lte=now - QUIET, author__in=established_people())
    due = Post.objects.filter(~is_news | is_ready, is_telling_due=True).order_by("id")
    return sum(_tell_runners_of(pk) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


@transaction.atomic
def _tell_runners_of(pk: int) -> bool:
    # The condition again: another worker may have been here since.
    due = Post.objects.filter(pk=pk, is_telling_due=True)
    post = due.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related("author").first()
    if post is None:
        return False
    is_news = post.kind == Post.Kind.ADVICE and post.created_at > timezone.now() - NEWS
    if is_news and post.removed_at:
        return False
    post.is_telling_due = False
    post.save(update_fields=["is_telling_due"])
    # The people of the demo ask nobody who is real.
    if not is_news or post.author is None or post.author.is_demo:
        return False
    names = dict(post.tools.values_list("pk", "name"))
    for tool, people in _runners_of(post).items():
        what = f"needs advice on {names[tool]}: “{post.title}”"
        _tell(people, post, Kind.ADVICE, what, by=post.author)
    return True


def _runners_of(post: Post) -> dict[int, list[User]]:
    """Those who run a tool of the post, by its id: in a stack of their own, which is shown to others or not.

    Not those whom it mentions, who are told already.
    """
    items = Item.objects.current().filter(tool__in=post.tools.values("pk"), stack__person__isnull=False)
    rows = items.values("stack__person").annotate(changed_at=Max("stack__changed_at"), runs=Min("tool"))
    newest = rows.order_by("-changed_at").values_list("stack__person", "runs")
    runs = dict(newest[:MAX_RUNNERS])
    people = User.objects.filter(pk__in=list(runs)).exclude(pk__in=_told_of(post).values("person"))
    runners = defaultdict(list)
    for person in people.only("is_active", "closed_at"):
        runners[runs[person.pk]].append(person)
    return runners


def _told_of(written: Written, *more: Reply | Comment) -> QuerySet[Notification]:
    """What people were told that leads to these."""
    paths = Q(url__in=[row.get_absolute_url() for row in (written, *more)])
    if isinstance(written, Post):
        # Its address has changed with its title.
        address = reverse("advice:detail", kwargs={"pk": written.pk, "slug": ""})
        paths |= Q(url__startswith=address.removesuffix("/"))
    return Notification.objects.filter(paths)


def _thread(written: Written) -> Post:
    return written if isinstance(written, Post) else written.post


def _tell(people: Iterable[User | None], written: Written, kind: Kind, what: str, *, by: User | None) -> None:
    """Tell these people that `by` does `what`; where it leads to `written`."""
    is_shown = written.removed_at is None and _thread(written).removed_at is None
    if by is None or not by.is_active or by.closed_at or not is_shown:
        return
    notify_many(
        people=[person for person in people if person],
        kind=kind,
        actor=by,
        text=f"@{by.username} {what}",
        url=written.get_absolute_url(),
    )
