"""Bases for pages of the admin; mail that waits; how the workers do."""

from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.postgres.fields import ArrayField
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.template.defaultfilters import pluralize

from apps.core.mail import try_again
from apps.core.models import Heartbeat, OutgoingMail, TaskFailure

Row = TypeVar("Row", bound=Model)

# For `formfield_overrides`: lists are edited as lines, not by commas, which are part of the texts.
LISTS_AS_LINES: dict[type, dict[str, Any]] = {
    ArrayField: {"delimiter": "\n", "widget": AdminTextareaWidget, "help_text": "One in each line."}
}


class ReadOnlyAdmin(admin.ModelAdmin[Row]):
    """For rows that only workers and commands write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False


def save_changed(form: ModelForm[Any], *also: str) -> None:
    """Save what a valid form changed of its row, and the fields `also` that follow from it; no more.

    Whoever saves a whole row undoes what was counted since it was read.
    """
    changed = {field.name for field in form.instance._meta.concrete_fields} & set(form.changed_data)
    if changed:
        form.instance.save(update_fields=changed | set(also))


class SaveChangedMixin:
    """For rows with counters: a change saves what the form changed, and `also_saved`, which follows from it."""

    also_saved: ClassVar[tuple[str, ...]] = ()

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        if change:
            save_changed(form, *self.also_saved)
        else:
            super().save_model(request, obj, form, change)  # type: ignore[misc]


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin[OutgoingMail]):
    """Without bodies and headers: they hold codes and links that let somebody in."""

    list_display = ("subject", "recipients", "created_at", "attempts", "tried_at", "expires_at", "last_error")
    list_filter = ("attempts", "created_at", "expires_at")
    search_fields = ("to__icontains",)
    fields = ("subject", "recipients", "created_at", "attempts", "tried_at", "expires_at", "last_error")
    actions = ("try_again_now",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutgoingMail]:
        return super().get_queryset(request).defer("body", "headers")

    @admin.display(description="to")
    def recipients(self, mail: OutgoingMail) -> str:
        return ", ".join(mail.to)

    @admin.action(description="Try again now", permissions=["retry"])
    def try_again_now(self, request: HttpRequest, rows: QuerySet[OutgoingMail]) -> None:
        count = try_again(pks=list(rows.values_list("pk", flat=True)))
        self.message_user(request, f"{count} mail{pluralize(count)} will be tried now.")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_outgoingmail")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin[Heartbeat]):
    list_display = ("queue", "ran_at")
    search_fields = ("queue",)
    list_filter = ("ran_at",)


@admin.register(TaskFailure)
class TaskFailureAdmin(ReadOnlyAdmin[TaskFailure]):
    list_display = ("at", "task", "reason", "task_id")
    search_fields = ("task", "reason", "task_id")
    list_filter = ("at", "task")
    show_full_result_count = False
