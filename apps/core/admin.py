"""Bases for pages of the admin."""

from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.postgres.fields import ArrayField
from django.db.models import Model
from django.http import HttpRequest

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
