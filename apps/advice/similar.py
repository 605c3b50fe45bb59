"""Threads like one that is being written, by the words of its title, and the tools that these name."""

import re
from collections.abc import Collection, Sequence
from itertools import accumulate
from operator import mul

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import connection
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.db.models.functions import Lower

from apps.advice.models import MAX_TITLE_CHARACTERS, Post, PostTool
from apps.advice.querysets import WORDS
from apps.tools.models import Tool

# So many threads at most are ranked: some milliseconds' work. A word that more of them have says little.
CANDIDATES = 400
# One on the same tools comes before one with half as many words more.
SAME_TOOLS = 1.5
# Of how much the best one shares: with less it has a word in common by chance, and is no answer.
LEAST = 0.4

# In how many threads each word of a text is, rarest first, and how many there are: as PostgreSQL estimated when it last
# looked at the table. A word that it did not count is about as rare as the rarest that it did.
_FREQUENCIES = """
    WITH common AS (
        SELECT one.lexeme, one.share
        FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS one(lexeme, share)
        WHERE tablename = 'post_by_words' AND schemaname = current_schema() AND one.lexeme IS NOT NULL
    )
    SELECT word.lexeme, coalesce(common.share, (SELECT min(share) FROM common), 0), greatest(heap.reltuples, 0)
    FROM unnest(to_tsvector('english', %s)) AS word
    JOIN pg_class AS heap ON heap.oid = 'advice_post'::regclass
    LEFT JOIN common ON common.lexeme = word.lexeme
    ORDER BY 2, 1
"""


def similar_posts(
    title: str, tools: Collection[Tool] = (), *, limit: int, but: Post | None = None
) -> list[Post]:
    """The shown threads whose titles share most words with `title`; those on the same `tools` count for more;
    all `but` one.

    The rarest words choose candidates, as long as these are few enough to be ranked by all words. Two queries; texts
    and authors are left out.
    """
    words = _frequencies(title)
    if not words:
        return []
    candidates = Post.objects.shown().alias(words=WORDS).filter(words=_few(words)).order_by()
    if but:
        candidates = candidates.exclude(pk=but.pk)
    about = Exists(PostTool.objects.filter(post=OuterRef("pk"), tool__in=tools))
    likeness = SearchRank(SearchVector("title", config="english"), _query([word for word, *_ in words], "|"))
    rows = (
        Post.objects.filter(pk__in=candidates.values("pk")[:CANDIDATES])
        .annotate(likeness=likeness * Case(When(about, then=Value(SAME_TOOLS)), default=Value(1.0)))
        .order_by("-likeness", "-id")
        .defer("body", "html")
    )
    found = list(rows[:limit])
    return [post for post in found if post.likeness and post.likeness >= LEAST * found[0].likeness]


def tools_in(title: str, slugs: Sequence[str] = ()) -> list[Tool]:
    """The listed tools of these slugs, then those that a title names, in their order. One query.

    A short name, as "Go", has to be written as it is; a longer one in whatever case.
    """
    words = [word.strip(".-") for word in re.split(r"[^\w.+#-]+", title[:MAX_TITLE_CHARACTERS])]
    phrases = [" ".join(words[at : at + count]) for at in range(len(words)) for count in (1, 2, 3)]
    long = {phrase.lower() for phrase in phrases if len(phrase) > 3}
    named = Q(key__in=long) | Q(slug__in=long) | Q(name__in=phrases) | Q(slug__in=slugs)
    found = Tool.objects.listed().alias(key=Lower("name")).filter(named)
    places = {text: at for at, text in reversed(list(enumerate([*slugs, *map(str.lower, phrases)])))}
    return sorted(
        found, key=lambda tool: min(places.get(name, len(places)) for name in (tool.slug, tool.name.lower()))
    )


def _frequencies(title: str) -> list[tuple[str, float, float]]:
    with connection.cursor() as cursor:
        # A form takes no longer title, and no database this sign.
        cursor.execute(_FREQUENCIES, [title[:MAX_TITLE_CHARACTERS].replace("\0", "")])
        return [(word, share, total) for word, share, total in cursor.fetchall()]


def _few(words: Sequence[tuple[str, float, float]]) -> SearchQuery:
    """What not more than `CANDIDATES` threads match: any of the rarest words; of frequent ones several together."""
    shares = [share * total for _, share, total in words]
    rare = sum(posts <= CANDIDATES for posts in accumulate(shares))
    if rare:
        return _query([word for word, *_ in words[:rare]], "|")
    together = accumulate((share for _, share, _ in words), mul)
    frequent = sum(share * words[0][2] > CANDIDATES for share in together)
    return _query([word for word, *_ in words[: frequent + 1]], "&")


def _query(words: Sequence[str], sign: str) -> SearchQuery:
    quoted = ("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words)
    return SearchQuery(sign.join(quoted), config="simple", search_type="raw")
