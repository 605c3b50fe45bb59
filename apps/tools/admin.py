from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import BaseModelFormSet, Form, ModelForm
from django.http import HttpRequest
from django.utils import timezone

from apps.core.admin import ReadOnlyAdmin
from apps.tools.models import (
    Alternative,
    CatalogueLoad,
    Category,
    ImportedTool,
    Integration,
    Package,
    Point,
    Tool,
    ToolAlias,
    ToolRepository,
)

# The names under which `Tool.edited_fields` keeps the parts that have rows of their own.
PARTS: dict[type, str] = {
    ToolAlias: "aliases",
    Package: "packages",
    ToolRepository: "repositories",
    Integration: "integrations",
    Point: "points",
}


class AliasInline(admin.TabularInline[ToolAlias, Tool]):
    model = ToolAlias
    extra = 0


class PackageInline(admin.TabularInline[Package, Tool]):
    model = Package
    extra = 0


class RepositoryInline(admin.TabularInline[ToolRepository, Tool]):
    model = ToolRepository
    extra = 0
    autocomplete_fields = ("repository",)


class IntegrationInline(admin.TabularInline[Integration, Tool]):
    model = Integration
    fk_name = "tool"
    extra = 0
    autocomplete_fields = ("other",)


class PointInline(admin.TabularInline[Point, Tool]):
    model = Point
    extra = 0
    fields = ("kind", "text", "about", "position")


@admin.register(Tool)
class ToolAdmin(admin.ModelAdmin[Tool]):
    list_display = (
        "name",
        "slug",
        "function",
        "status",
        "is_listed",
        "origin",
        "language",
        "license",
        "popularity",
    )
    list_filter = (
        "is_listed",
        "origin",
        "status",
        "function__parent",
        ("description", admin.EmptyFieldListFilter),
    )
    list_select_related = ("function", "imported")
    search_fields = ("name", "slug", "aliases__slug", "tagline")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("function", "successor")
    readonly_fields = (
        "origin",
        "edited_fields",
        "facts_on",
        "stack_count",
        "follower_count",
        "vote_count",
        "created_at",
        "changed_at",
    )
    inlines = (AliasInline, PackageInline, RepositoryInline, IntegrationInline, PointInline)
    actions = ("list_tools", "unlist_tools")

    @admin.display(description="popularity (import)", ordering="imported__popularity")
    def popularity(self, tool: Tool) -> str:
        imported = getattr(tool, "imported", None)
        return f"{imported.popularity:,.0f}" if imported and imported.popularity is not None else ""

    @admin.action(description="List the chosen tools")
    def list_tools(self, request: HttpRequest, tools: QuerySet[Tool]) -> None:
        self._set_listed(request, tools, is_listed=True)

    @admin.action(description="Take the chosen tools off the lists")
    def unlist_tools(self, request: HttpRequest, tools: QuerySet[Tool]) -> None:
        self._set_listed(request, tools, is_listed=False)

    def _set_listed(self, request: HttpRequest, tools: QuerySet[Tool], *, is_listed: bool) -> None:
        changed = list(tools.exclude(is_listed=is_listed))
        for tool in changed:
            tool.is_listed = is_listed
            _note_edit(tool, ["is_listed"])
        Tool.objects.bulk_update(changed, ["is_listed", "edited_fields", "changed_at"])
        words = "listed" if is_listed else "taken off the lists"
        self.message_user(request, f"{len(changed)} tools {words}.", messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Tool, form: ModelForm[Tool], change: bool) -> None:
        _note_edit(obj, form.changed_data)
        super().save_model(request, obj, form, change)

    def save_related(
        self,
        request: HttpRequest,
        form: ModelForm[Tool],
        formsets: Iterable[BaseModelFormSet[Any, Any]],
        change: bool,
    ) -> None:
        formsets = list(formsets)
        super().save_related(request, form, formsets, change)
        parts = [PARTS[formset.model] for formset in formsets if formset.model and formset.has_changed()]
        if parts:
            _note_edit(form.instance, parts)
            form.instance.save(update_fields=["edited_fields", "changed_at"])


def _note_edit(tool: Tool, names: list[str]) -> None:
    """Remember what a person decided, so that no load of files overwrites it."""
    if names:
        tool.edited_fields = sorted({*tool.edited_fields, *names})
        tool.changed_at = timezone.now()


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin[Category]):
    list_display = ("name", "slug", "level", "parent", "position")
    list_filter = ("level",)
    list_select_related = ("parent",)
    search_fields = ("name", "slug")
    autocomplete_fields = ("parent",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Category], search_term: str
    ) -> tuple[QuerySet[Category], bool]:
        found, may_have_duplicates = super().get_search_results(request, queryset, search_term)
        # A tool's form asks for functions only.
        if request.GET.get("model_name") == "tool":
            found = found.filter(level=Category.Level.FUNCTION)
        return found, may_have_duplicates


@admin.register(Point)
class PointAdmin(admin.ModelAdmin[Point]):
    list_display = ("text", "kind", "tool", "about", "vote_count", "origin", "created_at")
    list_filter = ("kind", "origin")
    list_select_related = ("tool",)
    search_fields = ("text", "tool__name")
    autocomplete_fields = ("tool",)
    readonly_fields = ("vote_count", "origin")

    def save_model(self, request: HttpRequest, obj: Point, form: Form, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._note_edit([obj])

    def delete_model(self, request: HttpRequest, obj: Point) -> None:
        self._note_edit([obj])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Point]) -> None:
        self._note_edit(queryset.select_related("tool"))
        super().delete_queryset(request, queryset)

    def _note_edit(self, points: Iterable[Point]) -> None:
        tools = {point.tool_id: point.tool for point in points}.values()
        for tool in tools:
            _note_edit(tool, [PARTS[Point]])
        Tool.objects.bulk_update(tools, ["edited_fields", "changed_at"])


@admin.register(Package)
class PackageAdmin(admin.ModelAdmin[Package]):
    list_display = ("name", "type", "tool")
    list_filter = ("type",)
    list_select_related = ("tool",)
    search_fields = ("name", "tool__name")
    autocomplete_fields = ("tool",)


@admin.register(Integration)
class IntegrationAdmin(admin.ModelAdmin[Integration]):
    list_display = ("tool", "kind", "other")
    list_filter = ("kind",)
    list_select_related = ("tool", "other")
    search_fields = ("tool__name", "other__name")
    autocomplete_fields = ("tool", "other")


@admin.register(Alternative)
class AlternativeAdmin(ReadOnlyAdmin[Alternative]):
    list_display = ("tool", "rank", "other", "likeness")
    list_select_related = ("tool", "other")
    search_fields = ("tool__name", "tool__slug")
    ordering = ("tool__name", "rank")


@admin.register(ImportedTool)
class ImportedToolAdmin(ReadOnlyAdmin[ImportedTool]):
    list_display = ("tool", "source", "external_id", "popularity", "votes", "stacks", "imported_at")
    list_filter = ("source", "tool__is_listed", "tool__origin")
    list_select_related = ("tool",)
    search_fields = ("tool__name", "external_id")
    ordering = ("-popularity",)


@admin.register(CatalogueLoad)
class CatalogueLoadAdmin(ReadOnlyAdmin[CatalogueLoad]):
    list_display = ("loaded_at", "tools_created", "tools_changed", "digest")
