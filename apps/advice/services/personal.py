"""What this app holds of a person: for their export, and when their account is closed."""

from typing import Any

from django.db.models import Q

from apps.accounts.models import User
from apps.advice.models import Comment, Draft, Post, Reply, Revision

_WRITTEN = ("id", "body", "created_at", "edited_at", "removed_at")
_VOTES = ("up_count", "down_count")


def export_posts(person: User) -> list[dict[str, Any]]:
    """The person's threads, with their tools and what became of them; the removed ones too."""
    rows = Post.objects.filter(author=person).order_by("id").select_related("stack")
    rows = rows.prefetch_related("post_tools__tool", "outcomes__chosen")
    return [_post(row) for row in rows]


def _post(post: Post) -> dict[str, Any]:
    columns = ("kind", "title", *_WRITTEN, *_VOTES, "view_count", "accepted_id", "accepted_at")
    fields = ("team_size", "stage", "scale", "constraints", "decide_by", "since", "again")
    return {
        **{name: getattr(post, name) for name in (*columns, *fields)},
        "stack": str(post.stack) if post.stack else None,
        "tools": [{"tool": row.tool.slug, "role": row.role, "why": row.why} for row in post.post_tools.all()],
        "outcomes": [
            {
                "after_days": outcome.after_days,
                "answered_at": outcome.answered_at,
                "verdict": outcome.verdict,
                "chosen": outcome.chosen.slug if outcome.chosen else None,
                "text": outcome.text,
            }
            for outcome in post.outcomes.all()
        ],
    }


def export_replies(person: User) -> list[dict[str, Any]]:
    """The person's replies, with the tools that they recommend; the removed ones too."""
    rows = Reply.objects.filter(author=person).order_by("id").prefetch_related("recommendations__tool")
    return [
        {
            **{name: getattr(reply, name) for name in ("post_id", *_WRITTEN, *_VOTES)},
            "recommends": [row.tool.slug for row in reply.recommendations.all()],
        }
        for reply in rows
    ]


def export_comments(person: User) -> list[dict[str, Any]]:
    """The person's comments; the removed ones too."""
    rows = Comment.objects.filter(author=person).order_by("id")
    return [dict(row) for row in rows.values("post_id", "reply_id", *_WRITTEN)]


def export_revisions(person: User) -> list[dict[str, Any]]:
    """What the person's threads, replies and comments said before they were edited, oldest first."""
    own = Q(post__author=person) | Q(reply__author=person) | Q(comment__author=person)
    rows = Revision.objects.filter(own).order_by("id")
    columns = ("post_id", "reply_id", "comment_id", "title", "body", "details", "written_at", "created_at")
    return [dict(row) for row in rows.values(*columns)]


def export_drafts(person: User) -> list[dict[str, Any]]:
    """What the person began to write."""
    rows = Draft.objects.filter(person=person).order_by("id")
    return [dict(row) for row in rows.values("kind", "post_id", "data", "created_at", "changed_at")]


def leave(person: User) -> None:
    """What the person said stays, without a name; nobody is asked any more what became of it. Drafts go."""
    Draft.objects.filter(person=person).delete()
    Post.objects.filter(author=person).update(author=None, outcome_due_at=None)
    for model in (Reply, Comment):
        model.objects.filter(author=person).update(author=None)
