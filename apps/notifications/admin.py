from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.notifications.models import Digest, Notification, Preference

BY_PERSON = ("person__username", "person__email")


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin[Notification]):
    list_display = ("text", "kind", "person", "actor", "created_at", "read_at", "is_mail_due")
    list_filter = ("kind", "is_mail_due", ("read_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("person", "actor")
    search_fields = BY_PERSON


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin[Preference]):
    list_display = ("person", "kind", "channel")
    list_filter = ("kind", "channel")
    list_select_related = ("person",)
    search_fields = BY_PERSON


@admin.register(Digest)
class DigestAdmin(ReadOnlyAdmin[Digest]):
    list_display = ("person", "since")
    list_filter = ("since",)
    list_select_related = ("person",)
    search_fields = BY_PERSON
