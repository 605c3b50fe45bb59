"""What all changes of threads, replies and comments do with their rows."""

from datetime import datetime

from django.utils import timezone

from apps.accounts.models import User
from apps.advice.models import Comment, Post, Reply, Revision

Written = Post | Reply | Comment


def lock_post(pk: int) -> Post:
    """The thread, locked until the transaction ends: before its replies, and before people. Raises `DoesNotExist`."""
    # Not its key, which every new reply's foreign key holds a share of.
    return Post.objects.select_for_update(no_key=True).get(pk=pk)


def touch(post: Post, at: datetime | None = None) -> None:
    """Note on a locked thread that something was said in it, now if not `at`; the caller saves `changed_at`."""
    post.changed_at = max(post.changed_at, at or timezone.now())


def set_removed(row: Written, remover: User) -> None:
    row.removed_at, row.removed_by = timezone.now(), remover
    row.save(update_fields=["removed_at", "removed_by"])


def show_again(row: Written) -> None:
    row.removed_at, row.removed_by = None, None
    row.save(update_fields=["removed_at", "removed_by"])


def keep_revision(
    row: Written, editor: User, *, title: str = "", details: dict[str, str] | None = None
) -> None:
    """Keep what `row` says before it is changed."""
    Revision.objects.create(
        **{row._meta.model_name or "": row},
        title=title,
        body=row.body,
        details=details or {},
        edited_by=editor,
        written_at=row.edited_at or row.created_at,
    )
