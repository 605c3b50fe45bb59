"""What is new for a person, in their weekly mail."""

from datetime import datetime

from django.db.models import Q

from apps.accounts.models import User
from apps.advice.models import Post, PostTool
from apps.stacks.models import Item
from apps.tools.models import ToolFollow


def new_advice_for(person: User, since: datetime) -> list[tuple[str, str]]:
    """The threads after `since` on tools that `person` runs or follows, newest first: texts and paths. One query."""
    runs = Item.objects.current().filter(stack__person=person).values("tool")
    follows = ToolFollow.objects.filter(person=person).values("tool")
    # The tools first: they are few, and an index has the posts of each.
    about = PostTool.objects.filter(Q(tool__in=runs) | Q(tool__in=follows)).values("post")
    # Who left wrote, too; who was locked out, or made up for the demo, is no news.
    by = Q(author=None) | Q(author__is_active=True, author__is_demo=False)
    posts = Post.objects.shown().filter(by, pk__in=about, created_at__gt=since).exclude(author=person)
    return [
        (f"{post.get_kind_display()}: {post.title}", post.get_absolute_url())
        for post in posts.only("kind", "title", "slug").order_by("-id")
    ]
