"""Threads for moderators: they look, remove and restore. What people wrote is theirs to change."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize

from apps.accounts.models import User
from apps.advice.models import (
    Comment,
    Draft,
    Outcome,
    Post,
    PostTool,
    Recommendation,
    Reply,
    Revision,
    ViewBatch,
    Written,
)
from apps.advice.services.posts import remove_post, restore_post
from apps.advice.services.replies import remove_comment, remove_reply, restore_comment, restore_reply
from apps.core.admin import ReadOnlyAdmin

Row = TypeVar("Row", bound=Written)

_REMOVED = ("removed_at", admin.EmptyFieldListFilter)
_WRITTEN = ("author", "created_at", "edited_at", "removed_at", "removed_by")


class WrittenAdmin(ReadOnlyAdmin[Row]):
    """Removing and restoring, as the services do it on the site: who may change such rows may do that and no more."""

    list_select_related: ClassVar[tuple[str, ...]] = ("author", "removed_by")
    actions = ("remove", "restore")
    # What was written last is looked at first.
    ordering = ("-id",)
    # Counting all of them would take longer than the rest of the page.
    show_full_result_count = False
    # Of this admin's rows: the services, and the name of what they take.
    name: ClassVar[str]
    remove_row: ClassVar[Callable[..., None]]
    restore_row: ClassVar[Callable[..., None]]

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"advice.change_{self.name}")

    @admin.action(description="Remove from the site", permissions=["moderate"])
    def remove(self, request: HttpRequest, rows: QuerySet[Row]) -> None:
        self._each(request, rows.filter(removed_at=None), "remover", type(self).remove_row, "removed")

    @admin.action(description="Show again", permissions=["moderate"])
    def restore(self, request: HttpRequest, rows: QuerySet[Row]) -> None:
        self._each(request, rows.exclude(removed_at=None), "restorer", type(self).restore_row, "shown again")

    def _each(
        self, request: HttpRequest, rows: QuerySet[Row], by: str, do: Callable[..., None], done: str
    ) -> None:
        assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
        count = 0
        for row in rows:
            try:
                do(**{by: request.user, self.name: row})
            except PermissionDenied as error:
                self.message_user(request, f"{row}: {error}", messages.ERROR)
            else:
                self.log_change(request, row, f"{done.capitalize()}.")
                count += 1
        self.message_user(request, f"{count} {self.opts.verbose_name}{pluralize(count)} {done}.")


class PartInline(admin.TabularInline[Any, Any]):
    """Rows that come with what they belong to."""

    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PostToolInline(PartInline):
    model = PostTool
    fields = ("tool", "role", "why")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PostTool]:
        rows: QuerySet[PostTool] = super().get_queryset(request)
        return rows.select_related("tool")


class RecommendationInline(PartInline):
    model = Recommendation
    fields = ("tool",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recommendation]:
        rows: QuerySet[Recommendation] = super().get_queryset(request)
        return rows.select_related("tool")


@admin.register(Post)
class PostAdmin(WrittenAdmin[Post]):
    name, remove_row, restore_row = "post", remove_post, restore_post
    list_display = (
        "title", "kind", "author", "tool", "up_count", "down_count", "reply_count", "view_count", "created_at",
        "removed_at",
    )  # fmt: skip
    list_filter = ("kind", _REMOVED, ("author__is_demo", admin.BooleanFieldListFilter), "created_at")
    list_select_related = ("author", "tool")
    search_fields = ("title", "author__username")
    fields = (
        "title", "kind", "body", "team_size", "stage", "scale", "constraints", "decide_by", "since", "again", "stack",
        "accepted", "accepted_at", "outcome_due_at", "up_count", "down_count", "reply_count", "view_count", "version",
        *_WRITTEN,
    )  # fmt: skip
    inlines = (PostToolInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        return super().get_queryset(request).defer("html")


@admin.register(Reply)
class ReplyAdmin(WrittenAdmin[Reply]):
    name, remove_row, restore_row = "reply", remove_reply, restore_reply
    list_display = (
        "beginning",
        "post",
        "author",
        "tool",
        "up_count",
        "down_count",
        "created_at",
        "removed_at",
    )
    list_filter = (_REMOVED, "created_at")
    list_select_related = ("author", "post", "tool")
    search_fields = ("author__username", "post__title")
    fields = ("post", "body", "tool", "up_count", "down_count", *_WRITTEN)
    inlines = (RecommendationInline,)

    @admin.display(description="reply")
    def beginning(self, reply: Reply) -> str:
        return _beginning(reply)


@admin.register(Comment)
class CommentAdmin(WrittenAdmin[Comment]):
    name, remove_row, restore_row = "comment", remove_comment, restore_comment
    list_display = ("beginning", "post", "author", "created_at", "removed_at")
    list_filter = (_REMOVED, "created_at")
    list_select_related = ("author", "post")
    search_fields = ("author__username", "post__title")
    fields = ("post", "reply", "body", *_WRITTEN)

    @admin.display(description="comment")
    def beginning(self, comment: Comment) -> str:
        return _beginning(comment)


def _beginning(written: Written) -> str:
    return " ".join(written.body[:200].split())[:80]


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin[Revision]):
    list_display = ("what", "edited_by", "written_at", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("post", "reply", "comment", "edited_by")
    search_fields = ("edited_by__username", "post__title", "title")
    fields = ("post", "reply", "comment", "title", "body", "details", "edited_by", "written_at", "created_at")
    show_full_result_count = False

    @admin.display(description="of")
    def what(self, revision: Revision) -> str:
        return str(revision.post or revision.reply or revision.comment)


@admin.register(Outcome)
class OutcomeAdmin(ReadOnlyAdmin[Outcome]):
    list_display = ("post", "after_days", "verdict", "chosen", "asked_at", "answered_at")
    ordering = ("-id",)
    list_filter = ("after_days", "verdict", ("answered_at", admin.EmptyFieldListFilter))
    list_select_related = ("post", "chosen")
    search_fields = ("post__title", "post__author__username")
    fields = ("post", "after_days", "asked_at", "answered_at", "verdict", "chosen", "text")


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin[Draft]):
    """That there are some. What they say is nobody's business before it is published."""

    list_display = ("person", "kind", "post", "created_at", "changed_at")
    list_filter = ("kind", "changed_at")
    list_select_related = ("person", "post")
    search_fields = ("person__username",)
    fields = ("person", "kind", "post", "created_at", "changed_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Draft]:
        return super().get_queryset(request).defer("data")


@admin.register(ViewBatch)
class ViewBatchAdmin(ReadOnlyAdmin[ViewBatch]):
    list_display = ("id", "stored_at")
    list_filter = ("stored_at",)
    search_fields = ("id",)
    show_full_result_count = False
