from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize

from apps.core.admin import ReadOnlyAdmin
from apps.core.jobs import ring
from apps.pages.models import ContactMessage, Event, SocialCard


@admin.register(ContactMessage)
class ContactMessageAdmin(admin.ModelAdmin[ContactMessage]):
    list_display = ("subject", "name", "email", "created_at", "sent_at", "attempts", "last_error")
    list_filter = (("sent_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("subject", "name", "email", "text")
    readonly_fields = ("name", "email", "subject", "text", "created_at", "sent_at", "attempts", "last_error")
    actions = ("send_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Send again those that could not be sent")
    def send_again(self, request: HttpRequest, rows: QuerySet[ContactMessage]) -> None:
        count = rows.filter(sent_at=None).update(attempts=0, last_error="")
        ring("apps.pages.tasks.send_due_messages")
        self.message_user(request, f"{count} message{pluralize(count)} will be sent.")


@admin.register(SocialCard)
class SocialCardAdmin(ReadOnlyAdmin[SocialCard]):
    list_display = ("path", "title", "drawn_at")
    list_filter = (("drawn_at", admin.EmptyFieldListFilter),)
    search_fields = ("path", "title")
    exclude = ("image",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SocialCard]:
        return super().get_queryset(request).defer("image")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin[Event]):
    """What the feed is made of. What is to go is removed or hidden where it stands."""

    list_display = ("kind", "actor", "post", "stack", "day", "created_at")
    list_filter = ("kind", "created_at")
    list_select_related = ("actor", "post", "stack")
    search_fields = ("=actor__username", "post__title", "stack__name")
    # The table is the largest of all.
    show_full_result_count = False
