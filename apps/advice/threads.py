"""What the page of a thread shows: the post, replies and whether their authors run it, comments, outcomes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.urls import reverse

from apps.accounts.models import User
from apps.advice.models import Comment, Draft, Outcome, Post, PostTool, Recommendation, Reply
from apps.advice.querysets import MIN_INDEXED_CHARACTERS
from apps.advice.similar import similar_posts
from apps.core.pagination import Key, paginate
from apps.stacks.models import Item, Stack, Tier
from apps.tools.models import Tool

# Of one page: nearly every thread's all.
REPLIES_PAGE = 200
# Of what is recommended: what a reader takes in.
SHOWN_RECOMMENDED = 8
SHOWN_PAIRS = 3
SHOWN_SIMILAR = 4

# The accepted reply comes before the best ones.
BEST, NEWEST = "best", "newest"
ORDERS = {BEST: [Key("rank", descending=True), Key("id")], NEWEST: [Key("id", descending=True)]}

Reader = User | AnonymousUser
Role = PostTool.Role

_ASKED = {Role.ABOUT: "Needs advice on", Role.OPTION: "weighing"}
_DECIDED = {Role.CHOSEN: "Chose", Role.REJECTED: "over"}


@dataclass(frozen=True, slots=True)
class Proof:
    """A public stack that shows that somebody runs `tools`, and what stands behind it there."""

    tools: Sequence[Tool]
    tier: str
    stack_name: str
    address: str

    @property
    def names(self) -> str:
        return ", ".join(tool.name for tool in self.tools)


@dataclass(slots=True)
class Answer:
    """A reply with what stands around it."""

    reply: Reply
    is_accepted: bool = False
    recommended: list[Tool] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    runs: Proof | None = None


@dataclass(slots=True)
class Recommended:
    """A tool, how many replies recommend it, and the votes for those."""

    tool: Tool
    reply_count: int = 0
    vote_count: int = 0


@dataclass(slots=True)
class Thread:
    """All that a page of a thread shows."""

    post: Post
    post_tools: list[PostTool]
    answers: list[Answer]
    comments: list[Comment]
    outcomes: list[Outcome]
    recommended: list[Recommended]
    # Of a decision, if the reader may see it.
    stack: Stack | None
    similar: list[Post]
    # What the reader has begun to answer.
    draft: Draft | None
    next_cursor: str

    @property
    def tools(self) -> list[Tool]:
        return [row.tool for row in self.post_tools]

    @property
    def count_words(self) -> str:
        """Such as "1 answer", or of a decision "2 replies"."""
        count = self.post.reply_count
        one, several = ("reply", "replies") if self.post.is_decision else ("answer", "answers")
        return f"{count} {one if count == 1 else several}"

    @property
    def groups(self) -> list[tuple[str, list[Tool]]]:
        """The tools in their parts, each with the words before it."""
        words = _DECIDED if self.post.is_decision else _ASKED
        found = [(label, self._in_role(role)) for role, label in words.items()]
        found = [(label, tools) for label, tools in found if tools]
        # A question that only weighs some is about those.
        return found if self.post.is_decision or len(found) > 1 else [(_ASKED[Role.ABOUT], self.tools)]

    def _in_role(self, role: str) -> list[Tool]:
        return [row.tool for row in self.post_tools if row.role == role]

    @property
    def rejected(self) -> list[PostTool]:
        return [row for row in self.post_tools if row.role == Role.REJECTED]

    @property
    def pairs(self) -> list[tuple[Tool, Tool]]:
        """Tools to be compared: what was chosen with what was not, else what is recommended and weighed.

        What a question that weighs tools is about, such as the language, is compared with none of them.
        """
        if self.post.is_decision:
            every: Iterable[tuple[Tool, Tool]] = product(
                self._in_role(Role.CHOSEN), self._in_role(Role.REJECTED)
            )
        else:
            options = [tool for tool in self._in_role(Role.OPTION) if tool.is_listed]
            about = self._in_role(Role.ABOUT) if options else []
            tools = [row.tool for row in self.recommended] + options + self.tools
            every = combinations({tool.pk: tool for tool in tools if tool not in about}.values(), 2)
        return [pair for pair in every if all(tool.is_listed for tool in pair)][:SHOWN_PAIRS]

    @property
    def most_votes(self) -> int:
        """For whichever is recommended; 1 if none has any."""
        return max([1, *(row.vote_count for row in self.recommended)])

    @property
    def posts(self) -> list[Post]:
        """For `my_votes`."""
        return [self.post]

    @property
    def replies(self) -> list[Reply]:
        return [answer.reply for answer in self.answers]


def posts_for(reader: Reader) -> QuerySet[Post]:
    """The threads that `reader` may see, with what a page needs of each."""
    rows = Post.objects.visible_to(reader)
    return rows.select_related("author", "accepted__author", "removed_by")


def replies_for(reader: Reader) -> QuerySet[Reply]:
    """The replies that `reader` may see, with author and thread."""
    return Reply.objects.visible_to(reader).select_related("author", "post__author")


def comments_for(reader: Reader) -> QuerySet[Comment]:
    """The comments that `reader` may see, with author, thread and reply."""
    return Comment.objects.visible_to(reader).select_related("author", "post__author", "reply")


def thread_of(post: Post, reader: Reader, *, order: str = BEST, cursor: str = "") -> Thread:
    """The page of `post`, one of `posts_for(reader)`, from `cursor` on. Raises `BadCursorError`.

    Ten queries at most, however many replies there are.
    """
    page = paginate(_listed(post, reader, order), keys=ORDERS[order], cursor=cursor, size=REPLIES_PAGE)
    replies = list(page.rows)
    if order == BEST and not cursor and post.accepted:
        replies.insert(0, post.accepted)
    comments = _comments(post, replies, reader)
    answers = [
        Answer(reply, is_accepted=reply.pk == post.accepted_id, comments=comments.get(reply.pk, []))
        for reply in replies
    ]
    post_tools = list(post.post_tools.select_related("tool"))
    tools = [row.tool for row in post_tools]
    is_whole = not cursor and not page.next_cursor
    _add_recommended(answers)
    _add_proofs(answers, tools)
    return Thread(
        post=post,
        post_tools=post_tools,
        answers=answers,
        comments=comments.get(None, []),
        outcomes=[] if post.is_decision else list(post.outcomes.select_related("chosen")),
        recommended=_recommended(answers) if is_whole else _recommended_in(post),
        stack=_stack(post, reader),
        # Who reads hundreds of replies has found the thread: two queries less for one of them more.
        similar=similar_posts(post.title, tools, limit=SHOWN_SIMILAR, but=post) if is_whole else [],
        draft=draft_of(post, reader),
        next_cursor=page.next_cursor,
    )


def cursor_of(reply: Reply, reader: Reader) -> str:
    """The cursor of the page, best first, on which `reply` stands; empty: the first one."""
    if reply.pk == reply.post.accepted_id:
        return ""
    rows = _listed(reply.post, reader, BEST)
    before = rows.filter(Q(rank__gt=reply.rank) | Q(rank=reply.rank, pk__lt=reply.pk)).count()
    size = before // REPLIES_PAGE * REPLIES_PAGE
    if not size:
        return ""
    return paginate(
        rows.select_related(None).only("rank"), keys=ORDERS[BEST], cursor="", size=size
    ).next_cursor


def _listed(post: Post, reader: Reader, order: str) -> QuerySet[Reply]:
    """The replies in the list: those that `reader` may see, and removed ones on which shown comments hang."""
    comments = Comment.objects.shown().filter(reply=OuterRef("pk"))
    rows = Reply.objects.filter(
        Q(pk__in=Reply.objects.visible_to(reader).filter(post=post).values("pk")) | Exists(comments),
        post=post,
    )
    if order == BEST and post.accepted_id:
        rows = rows.exclude(pk=post.accepted_id)
    return rows.select_related("author")


def _comments(post: Post, replies: Iterable[Reply], reader: Reader) -> Mapping[int | None, list[Comment]]:
    """The comments on the thread, and on these replies, by the id of the reply, oldest first. One query."""
    on_these = Q(reply=None) | Q(reply__in=[reply.pk for reply in replies])
    rows = Comment.objects.visible_to(reader).filter(on_these, post=post).select_related("author")
    found: dict[int | None, list[Comment]] = defaultdict(list)
    for comment in rows.order_by("pk"):
        found[comment.reply_id].append(comment)
    return found


def _add_recommended(answers: Sequence[Answer]) -> None:
    """Say of each what it recommends. One query."""
    by_reply: dict[int, list[Tool]] = defaultdict(list)
    shown = [answer.reply.pk for answer in answers if not answer.reply.removed_at]
    for row in Recommendation.objects.filter(reply__in=shown).select_related("tool"):
        by_reply[row.reply_id].append(row.tool)
    for answer in answers:
        answer.recommended = by_reply[answer.reply.pk]


def _add_proofs(answers: Sequence[Answer], about: Sequence[Tool]) -> None:
    """Say of each whether a public stack, of its author or of a company of theirs, runs what it is about.

    What it recommends comes before what the thread is about, then the best evidence. One query.
    """
    asked = {
        answer.reply.author_id
        for answer in answers
        if answer.reply.author and not answer.reply.removed_at and _is_here(answer.reply.author)
    }
    tools = {tool.pk: tool for answer in answers for tool in answer.recommended}
    tools |= {tool.pk: tool for tool in about}
    if not asked or not tools:
        return
    items = Item.objects.current().of_public_stacks().filter(tool__in=tools).order_by()
    columns = ("tool_id", "tier", "stack_id", "stack__name", "stack__slug")
    own = items.filter(stack__person__in=asked)
    theirs = items.filter(stack__company__memberships__person__in=asked)
    rows = own.values_list("stack__person_id", *columns, "stack__person__username").union(
        theirs.values_list("stack__company__memberships__person_id", *columns, "stack__company__slug"),
        all=True,
    )
    by_person = defaultdict(list)
    for person, *row in rows:
        by_person[person].append(row)
    ranks = {tier: at for at, tier in enumerate(Tier)}
    for answer in answers:
        recommended = {tool.pk for tool in answer.recommended}
        wanted = recommended | {tool.pk for tool in about}
        found = [row for row in by_person.get(answer.reply.author_id, []) if row[0] in wanted]
        if not found or answer.reply.removed_at:
            continue
        # Equally good ones: the stack that was there first.
        best = max(found, key=lambda row: (row[0] in recommended, ranks[row[1]], -row[2]))
        alike = {
            row[0]
            for row in found
            if row[1:3] == best[1:3] and (row[0] in recommended) == (best[0] in recommended)
        }
        _, tier, _, name, slug, owner = best
        shown = [tool for pk, tool in tools.items() if pk in alike]
        address = reverse("stacks:detail", kwargs={"owner": owner, "slug": slug})
        answer.runs = Proof(tools=shown, tier=tier, stack_name=name, address=address)


def _is_here(person: User) -> bool:
    """Whether others see the person: no closed account, and not locked out."""
    return person.is_active and person.closed_at is None


def _recommended(answers: Sequence[Answer]) -> list[Recommended]:
    """What these recommend, most votes first."""
    found: dict[int, Recommended] = {}
    for answer in answers:
        for tool in answer.recommended:
            row = found.setdefault(tool.pk, Recommended(tool))
            row.reply_count += 1
            row.vote_count += answer.reply.up_count
    return _most([row for row in found.values() if row.tool.is_listed])


def _recommended_in(post: Post) -> list[Recommended]:
    """What all shown replies recommend, most votes first. One query."""
    replies = Q(recommendations__reply__post=post, recommendations__reply__removed_at=None)
    tools = Tool.objects.listed().filter(replies)
    tools = tools.annotate(
        reply_count=Count("recommendations"), up_count=Sum("recommendations__reply__up_count")
    )
    return _most([Recommended(tool, tool.reply_count, tool.up_count) for tool in tools])


def _most(rows: Iterable[Recommended]) -> list[Recommended]:
    rows = sorted(rows, key=lambda row: (-row.vote_count, -row.reply_count, row.tool.name))
    return rows[:SHOWN_RECOMMENDED]


def _stack(post: Post, reader: Reader) -> Stack | None:
    """The stack of a decision: a public one, or one of `reader`'s own. One query where it has one.

    No address of one that has become unlisted since: who has that got it from its owner.
    """
    if post.stack_id is None:
        return None
    rows = Stack.objects.filter(pk=post.stack_id).with_owner()
    return (rows.public() | rows.editable_by(reader)).first()


def draft_of(post: Post, reader: Reader) -> Draft | None:
    """What the reader has begun to answer. One query for signed-in readers."""
    if not isinstance(reader, User) or post.removed_at:
        return None
    return Draft.objects.filter(person=reader, post=post, kind=Draft.Kind.REPLY).first()


def is_indexed(post: Post) -> bool:
    """Whether it is `PostQuerySet.indexable`. No query."""
    is_thin = not post.reply_count and len(post.body) < MIN_INDEXED_CHARACTERS
    return not (is_thin or post.removed_at or (post.author and post.author.is_demo))
