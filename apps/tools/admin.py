from collections.abc import Collection, Iterable
from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet, URLField
from django.forms import BaseInlineFormSet, BaseModelFormSet, ModelForm
from django.http import HttpRequest
from django.utils import timezone

from apps.core.admin import LISTS_AS_LINES, ReadOnlyAdmin, SaveChangedMixin, save_changed
from apps.core.folding import fold
from apps.tools.models import (
    Alternative,
    CatalogueLoad,
    Category,
    ImportedTool,
    Integration,
    Package,
    Point,
    PointAnswer,
    Tool,
    ToolAlias,
    ToolFollow,
    ToolRepository,
)
from apps.tools.points import ENOUGH_ANSWERS
from apps.tools.services.points import tell_removed

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


class PartFormSet(BaseInlineFormSet[Any, Tool, ModelForm[Any]]):
    """The rows of one part of a tool, with checks of what the database promises of them together."""

    def clean(self) -> None:
        super().clean()
        if not any(self.errors):
            kept = [form.cleaned_data for form in self.forms if form.cleaned_data]
            self.check([row for row in kept if not row.get("DELETE")])

    def check(self, rows: list[dict[str, Any]]) -> None:
        """Raise ValidationError where `rows`, by the names of their fields, can't stand together."""
        raise NotImplementedError


class RepositoryFormSet(PartFormSet):
    def check(self, rows: list[dict[str, Any]]) -> None:
        if sum(row["is_primary"] for row in rows) > 1:
            raise ValidationError("A tool has one primary repository.")


class IntegrationFormSet(PartFormSet):
    def check(self, rows: list[dict[str, Any]]) -> None:
        if any(row["other"] == self.instance for row in rows):
            raise ValidationError("A tool does not integrate with itself.")


class PointFormSet(PartFormSet):
    def check(self, rows: list[dict[str, Any]]) -> None:
        if len({(row["kind"], fold(row["text"])) for row in rows}) < len(rows):
            raise ValidationError("The tool has a statement twice.")

    def save_existing(self, form: ModelForm[Point], obj: Point, commit: bool = True) -> Point:
        # The admin always commits.
        save_changed(form, "folded")
        return obj


class RepositoryInline(admin.TabularInline[ToolRepository, Tool]):
    model = ToolRepository
    formset = RepositoryFormSet
    extra = 0
    autocomplete_fields = ("repository",)


class IntegrationInline(admin.TabularInline[Integration, Tool]):
    model = Integration
    formset = IntegrationFormSet
    fk_name = "tool"
    extra = 0
    autocomplete_fields = ("other",)


class PointInline(admin.TabularInline[Point, Tool]):
    model = Point
    formset = PointFormSet
    extra = 0
    fields = ("kind", "text", "about", "position")


class WithRowsMixin:
    """What only workers and commands write goes with the row that it hangs on; for all else one needs the right."""

    admin_site: admin.AdminSite

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        found, counts, needed, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        pages = self.admin_site._registry
        for model in apps.get_models():
            name = model._meta.verbose_name
            if isinstance(pages.get(model), ReadOnlyAdmin):
                needed.discard(name)
            # Django asks for no right on rows without pages of their own, such as the sides of comparisons.
            elif model not in pages and model._meta.verbose_name_plural in counts:
                right = get_permission_codename("delete", model._meta)
                if not request.user.has_perm(f"{model._meta.app_label}.{right}"):
                    needed.add(name)
        return found, counts, needed, protected


@admin.register(Tool)
class ToolAdmin(WithRowsMixin, SaveChangedMixin, admin.ModelAdmin[Tool]):
    also_saved = ("edited_fields", "changed_at")
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
        ("function__parent", admin.RelatedOnlyFieldListFilter),
        ("description", admin.EmptyFieldListFilter),
    )
    list_select_related = ("function", "imported")
    search_fields = ("name", "slug", "aliases__slug", "tagline")
    prepopulated_fields = {"slug": ("name",)}
    formfield_overrides = {URLField: {"assume_scheme": "https"}, **LISTS_AS_LINES}
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

    def get_readonly_fields(self, request: HttpRequest, obj: Tool | None = None) -> tuple[str, ...]:
        # The catalogue's files name their tools, and what they compare, by slug: it changes there.
        fixed = ("slug",) if obj and obj.origin == Tool.Origin.CATALOGUE else ()
        return (*self.readonly_fields, *fixed)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Tool | None = None) -> dict[str, Any]:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    @admin.display(description="popularity (import)", ordering="imported__popularity")
    def popularity(self, tool: Tool) -> str:
        imported = getattr(tool, "imported", None)
        return f"{imported.popularity:,.0f}" if imported and imported.popularity is not None else ""

    @admin.action(description="List the chosen tools", permissions=["change"])
    def list_tools(self, request: HttpRequest, tools: QuerySet[Tool]) -> None:
        self._set_listed(request, tools, is_listed=True)

    @admin.action(description="Take the chosen tools off the lists", permissions=["change"])
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

    def save_formset(
        self, request: HttpRequest, form: Any, formset: BaseModelFormSet[Any, Any], change: bool
    ) -> None:
        if formset.model is Point:
            for extra in formset.extra_forms:
                extra.instance.author = request.user
        super().save_formset(request, form, formset, change)
        if formset.model is Point:
            for point in formset.deleted_objects:
                tell_removed(point)

    def delete_model(self, request: HttpRequest, obj: Tool) -> None:
        points = list(obj.points.all())
        super().delete_model(request, obj)
        for point in points:
            tell_removed(point)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tool]) -> None:
        points = list(Point.objects.filter(tool__in=queryset))
        super().delete_queryset(request, queryset)
        for point in points:
            tell_removed(point)

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
        tool = form.instance
        if change and "slug" in form.changed_data:
            # Its former address goes on leading to it.
            ToolAlias.objects.get_or_create(slug=form.initial["slug"], defaults={"tool": tool})
            tool.aliases.filter(slug=tool.slug).delete()
            parts.append(PARTS[ToolAlias])
        if parts:
            _note_edit(tool, parts)
            tool.save(update_fields=["edited_fields", "changed_at"])


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

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> tuple[str, ...]:
        # What stands below it would be on the wrong level.
        return ("level",) if obj else ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Category], search_term: str
    ) -> tuple[QuerySet[Category], bool]:
        found, may_have_duplicates = super().get_search_results(request, queryset, search_term)
        # A tool's form asks for functions only.
        if request.GET.get("model_name") == "tool":
            found = found.filter(level=Category.Level.FUNCTION)
        return found, may_have_duplicates


class PartAdmin(WithRowsMixin, SaveChangedMixin, admin.ModelAdmin[Any]):
    """For rows around a tool: notes at the tool that a person decided on them."""

    list_select_related: ClassVar[tuple[str, ...]] = ("tool",)
    autocomplete_fields: ClassVar[tuple[str, ...]] = ("tool",)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.changed_data and self.is_noted(obj):
            # At both tools, where the row goes from one to another.
            self._note_edit({obj.tool_id, form.initial.get("tool", obj.tool_id)})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        tools = {obj.tool_id} if self.is_noted(obj) else set()
        super().delete_model(request, obj)
        self._note_edit(tools)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        ids = {obj.tool_id for obj in queryset if self.is_noted(obj)}
        super().delete_queryset(request, queryset)
        self._note_edit(ids)

    def is_noted(self, obj: Any) -> bool:
        """Whether files would undo what a person decides on this row."""
        return True

    def _note_edit(self, ids: Collection[int]) -> None:
        tools = list(Tool.objects.filter(pk__in=ids))
        for tool in tools:
            _note_edit(tool, [PARTS[self.model]])
        Tool.objects.bulk_update(tools, ["edited_fields", "changed_at"])


class DoubtedFilter(admin.SimpleListFilter):
    """Those of which people said that they are no longer true."""

    title = "still true"
    parameter_name = "doubted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Most say no longer")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Point]) -> QuerySet[Point]:
        if self.value() != "yes":
            return queryset
        enough = queryset.alias(answer_count=F("true_count") + F("outdated_count"))
        return enough.filter(answer_count__gte=ENOUGH_ANSWERS, outdated_count__gt=F("true_count"))


@admin.register(Point)
class PointAdmin(PartAdmin):
    also_saved = ("folded",)
    list_display = (
        "text",
        "kind",
        "tool",
        "about",
        "up_count",
        "down_count",
        "true_count",
        "outdated_count",
        "author",
        "origin",
        "created_at",
    )
    list_filter = ("kind", "origin", DoubtedFilter)
    list_select_related = ("tool", "author")
    search_fields = ("text", "tool__name", "author__username")
    raw_id_fields = ("author",)
    readonly_fields = (
        "origin",
        "up_count",
        "down_count",
        "true_count",
        "outdated_count",
        "created_at",
        "edited_at",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Point | None = None) -> tuple[str, ...]:
        # What it earned is theirs, on that tool.
        return (*self.readonly_fields, *(("tool", "author") if obj else ()))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"author": request.user.pk, **super().get_changeform_initial_data(request)}

    def delete_model(self, request: HttpRequest, obj: Point) -> None:
        super().delete_model(request, obj)
        tell_removed(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Point]) -> None:
        points = list(queryset)
        super().delete_queryset(request, queryset)
        for point in points:
            tell_removed(point)

    def is_noted(self, obj: Any) -> bool:
        # What people write no file overwrites anyway.
        return bool(obj.origin == Tool.Origin.CATALOGUE)


@admin.register(PointAnswer)
class PointAnswerAdmin(ReadOnlyAdmin[PointAnswer]):
    list_display = ("point", "is_true", "is_counted", "person", "answered_at")
    list_filter = ("is_true", "is_counted")
    list_select_related = ("point", "person")
    search_fields = ("point__text", "point__tool__name", "person__username")
    ordering = ("-answered_at",)


@admin.register(ToolFollow)
class ToolFollowAdmin(ReadOnlyAdmin[ToolFollow]):
    list_display = ("tool", "person", "created_at")
    list_select_related = ("tool", "person")
    search_fields = ("tool__name", "tool__slug", "person__username")


@admin.register(Package)
class PackageAdmin(PartAdmin):
    list_display = ("name", "type", "tool")
    list_filter = ("type",)
    search_fields = ("name", "tool__name")


@admin.register(Integration)
class IntegrationAdmin(PartAdmin):
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
    formfield_overrides = {URLField: {"assume_scheme": "https"}}


@admin.register(CatalogueLoad)
class CatalogueLoadAdmin(ReadOnlyAdmin[CatalogueLoad]):
    list_display = ("loaded_at", "tools_created", "tools_changed", "digest")
