from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.forms import BaseInlineFormSet, BaseModelFormSet, ModelForm
from django.http import HttpRequest
from django.utils import timezone

from apps.comparisons.models import MAX_TOOLS, Comparison, ComparisonTool, Difference, DifferenceText
from apps.comparisons.services import canonical_slug
from apps.core.admin import LISTS_AS_LINES


class SideFormSet(BaseInlineFormSet[ComparisonTool, Comparison, ModelForm[ComparisonTool]]):
    """The sides: the tools that the slug names, and no others."""

    def clean(self) -> None:
        super().clean()
        chosen = [form.cleaned_data for form in self.forms if not form.cleaned_data.get("DELETE")]
        slugs = [values["tool"].slug for values in chosen if "tool" in values]
        if canonical_slug(slugs) != self.instance.slug:
            raise ValidationError("Name the tools that the slug names, each once.")


class SideInline(admin.TabularInline[ComparisonTool, Comparison]):
    model = ComparisonTool
    formset = SideFormSet
    extra = 0
    max_num = MAX_TOOLS
    formfield_overrides = LISTS_AS_LINES
    autocomplete_fields = ("tool",)


class DifferenceInline(admin.TabularInline[Difference, Comparison]):
    model = Difference
    extra = 0
    show_change_link = True


class EditedAdmin(admin.ModelAdmin[Any]):
    """Marks the comparison as edited, so that no load of files overwrites what a person wrote."""

    def save_related(
        self,
        request: HttpRequest,
        form: ModelForm[Any],
        formsets: Iterable[BaseModelFormSet[Any, Any]],
        change: bool,
    ) -> None:
        super().save_related(request, form, formsets, change)
        row = form.instance
        _note_edit([row.pk if isinstance(row, Comparison) else row.comparison_id])


def _note_edit(ids: list[int]) -> None:
    Comparison.objects.filter(pk__in=ids).update(is_edited=True, changed_at=timezone.now())


@admin.register(Comparison)
class ComparisonAdmin(EditedAdmin):
    list_display = ("slug", "difference_count", "texts_on", "is_edited", "changed_at")
    list_filter = ("is_edited", ("summary", admin.EmptyFieldListFilter))
    search_fields = ("slug", "tools__name")
    readonly_fields = ("is_edited", "changed_at")
    inlines = (SideInline, DifferenceInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comparison]:
        rows: QuerySet[Comparison] = super().get_queryset(request)
        return rows.annotate(difference_count=Count("differences", distinct=True))

    @admin.display(description="differences", ordering="difference_count")
    def difference_count(self, comparison: Any) -> int:
        count: int = comparison.difference_count
        return count


class TextInline(admin.TabularInline[DifferenceText, Difference]):
    model = DifferenceText
    extra = 0
    autocomplete_fields = ("tool",)


@admin.register(Difference)
class DifferenceAdmin(EditedAdmin):
    list_display = ("topic", "comparison", "position", "about")
    list_select_related = ("comparison",)
    search_fields = ("topic", "comparison__slug")
    autocomplete_fields = ("comparison",)
    inlines = (TextInline,)

    def delete_model(self, request: HttpRequest, obj: Difference) -> None:
        super().delete_model(request, obj)
        _note_edit([obj.comparison_id])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Difference]) -> None:
        ids = list(queryset.values_list("comparison_id", flat=True))
        super().delete_queryset(request, queryset)
        _note_edit(ids)
